# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that list what there is: users, instruments, the database's title."""

import dataclasses
import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camcops import CONFIG_VARIABLE
from camcops.cli.shell import ServerCommand, config_option, open_site, settings_of

if TYPE_CHECKING:
    from camcops.accounts.overview import UserLine
    from camcops.instruments.library import Library


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def list_users(config: Path | None, as_json: bool) -> None:
    """List all users, by name.

    A line each, separated by tabs: name, full name, groups (with a star where the user is administrator),
    last log-in, and what is special. Instants are UTC.
    """
    from camcops.accounts.overview import list_users as users_of

    found = open_site(config).database.read(users_of)
    if as_json:
        everything = [dataclasses.asdict(user) for user in found]
        click.echo(json.dumps(everything, default=_plain, ensure_ascii=False))
        return
    for user in found:
        click.echo("\t".join(" ".join(cell.split()) for cell in _cells(user)))


def _cells(user: "UserLine") -> Iterator[str]:
    yield user.username
    yield user.fullname or "-"
    yield ", ".join(f"{name}*" if name in user.administers else name for name in user.groups) or "-"
    yield f"{user.last_login_at_utc:%Y-%m-%d %H:%M}" if user.last_login_at_utc else "never"
    special = [
        "superuser" if user.superuser else "",
        "a patient's device" if user.of_a_patients_device else "",
        "must change the password" if user.must_change_password else "",
        f"locked until {user.locked_until_utc:%Y-%m-%d %H:%M}" if user.locked_until_utc else "",
    ]
    yield ", ".join(filter(None, special)) or "-"


def _plain(value: object) -> str:
    assert isinstance(value, dt.datetime)
    return value.isoformat() + "Z"


@click.command(cls=ServerCommand)
@config_option(required=False)
def show_db_title(config: Path | None) -> None:
    """Print the database's title.

    DATABASE_TITLE_UNSET, until somebody has given it one on the web site.
    """
    import sqlalchemy as sa

    from camcops.db.schema import server_settings

    query = sa.select(server_settings.c.database_title)
    click.echo(open_site(config).database.read(lambda conn: conn.scalar(query)) or "")


@click.command(cls=ServerCommand)
@config_option(required=False)
def list_tasks(config: Path | None) -> None:
    """List the types of task: long name (short name), in the order of their tables.

    Needs a configuration only where INSTRUMENT_DIRS names instruments of your own.
    """
    library = chosen_library(config)
    for table in sorted(library):
        instrument = library[table]
        click.echo(f"{instrument.title} ({instrument.short_name})")


def chosen_library(config: Path | None) -> "Library":
    """The instruments of the configuration that is named, if any; else those that come with the program."""
    from camcops.instruments.library import load_library
    from camcops.site import installed_library

    if config or os.environ.get(CONFIG_VARIABLE):
        return installed_library(settings_of(config).site)
    return load_library()
