# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that print what MariaDB and MySQL need: the database's SQL, and scripts for its dumps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from camcops.cli.shell import ServerCommand

T = TypeVar("T")


def _checked(make: Callable[..., T], *args: Any, **given: Any) -> T:
    """What `make` makes; a value that can't stand in a generated file is a usage error."""
    from camcops.config.readers import NotAllowed

    try:
        return make(*args, **{name: value for name, value in given.items() if value is not None})
    except NotAllowed as error:
        raise click.UsageError(f"{error}.", click.get_current_context()) from error


_directory = click.option(
    "--directory", metavar="DIR", type=Path, default="/var/backups/mysql", help="Where dumps are."
)
_databases = click.argument("databases", metavar="[DATABASE]...", nargs=-1)


@click.command(cls=ServerCommand)
@click.option("--database", metavar="NAME", help="Name of the database. [camcops]")
@click.option("--owner", metavar="NAME", help="The program's account.")
@click.option("--reader", metavar="NAME", help="The account that may only read.")
@click.option("--keeper", metavar="NAME", help="Also an account for the backup, of this name.")
@click.option("--client", metavar="HOST", help="From where they log in. [localhost]")
@click.option("--generate_passwords", is_flag=True, help="New passwords in place of placeholders.")
def demo_mysql_create_db(generate_passwords: bool, **given: Any) -> None:
    """Print SQL that makes a database and its accounts on MariaDB or MySQL.

    Replace the placeholders, then run it once as the database server's administrator.
    """
    from camcops.deployment.mysql import Accounts, create_database

    accounts = _checked(Accounts, **given)
    click.echo(
        create_database(accounts.with_new_passwords() if generate_passwords else accounts), nl=False
    )


@click.command(cls=ServerCommand)
@_databases
@_directory
@click.option(
    "--option_file",
    metavar="FILE",
    type=Path,
    default="/etc/camcops-backup/camcops.cnf",
    help="File with the log-in, mode 0600. [/etc/camcops-backup/camcops.cnf]",
)
@click.option("--copy_to", metavar="DIR", type=Path, help="Copy each dump into this folder too.")
def demo_mysql_dump_script(
    databases: tuple[str, ...], directory: Path, option_file: Path, copy_to: Path | None
) -> None:
    """Print a shell script for root's crontab that dumps MariaDB or MySQL databases.

    It verifies each dump, and removes those older than 31 days but for the first of each month. Save it with
    mode 0700. Without a DATABASE it dumps camcops.
    """
    from camcops.deployment.dump_script import dump_script

    names = databases or ("camcops",)
    click.echo(_checked(dump_script, names, directory, option_file, copy_to), nl=False)


@click.command(cls=ServerCommand)
@_databases
@_directory
def demo_prune_script(databases: tuple[str, ...], directory: Path) -> None:
    """Print a shell script that lists old dumps, and with --delete removes them.

    Without a DATABASE it looks at those of camcops.
    """
    from camcops.deployment.dump_script import prune_script

    click.echo(_checked(prune_script, databases or ("camcops",), directory), nl=False)
