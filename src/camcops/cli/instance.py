# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that writes all files of one more instance."""

from pathlib import Path
from typing import Any

import click

from camcops.cli.hidden_argument import hide_argument
from camcops.cli.installation_options import FRONT_END, installation, options
from camcops.cli.shell import ServerCommand

_OTHERS = tuple(name for name in FRONT_END if name not in ("instance", "path"))


@click.command(cls=ServerCommand)
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The new folder to write into. [NAME, here]",
)
@click.option(
    "--db_url", metavar="URL", help="An existing database, instead of one on MariaDB or MySQL."
)
@options(
    "path",
    "config",
    *(name for name in _OTHERS if name != "config"),
    *("program", "cache", "lock", "downloads", "logs", "backups", "server", "startsecs"),
)
def make_instance(name: str, directory: Path | None, db_url: str | None, **given: Any) -> None:
    """Write all files of one instance: configuration, database, programs, front end, backup.

    Names, socket, port, secrets, folders, accounts and mount point are its own, so that instances on one
    machine never meet. Nothing is installed: the README in the folder says what to do, step by step. One
    database with groups is simpler than several instances.
    """
    from camcops.deployment.kit import make_kit

    if db_url:
        hide_argument(db_url)  # it may hold a password
    path = f"/{name}" if given["path"] is None else given.pop("path")
    site = installation(given | {"instance": name, "path": path})
    folder = (directory or Path(site.instance)).absolute()
    files = make_kit(site, folder, db_url)
    for file in files:
        click.echo(folder / file.name)
    click.echo(f"Next: follow {folder / 'README'}, as root.", err=True)
