# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that prints the structure of the database."""

from pathlib import Path

import click

from camcops import __version__
from camcops.cli.listing import chosen_library
from camcops.cli.shell import ServerCommand, config_option

DIALECTS = ("mysql", "mariadb", "postgresql", "sqlite", "mssql", "oracle")
NOTES = {
    "mssql": "For copies only: the program does not run on it. Use a collation of UTF-8.",
    "oracle": "For copies only: the program does not run on it.",
}


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.option(
    "--dialect",
    type=click.Choice(DIALECTS),
    default="mysql",
    show_default=True,
    help="Whose SQL to write.",
)
def ddl(config: Path | None, dialect: str) -> None:
    """Print the SQL that makes every table.

    upgrade_db makes the same and needs no help; this is for reading, and for copies elsewhere. Needs a
    configuration only where INSTRUMENT_DIRS names instruments of your own.
    """
    from camcops.db.definition import definition

    click.echo(f"-- Tables of CamCOPS {__version__} for {dialect}.")
    if dialect in NOTES:
        click.echo(f"-- {NOTES[dialect]}")
    for statement in definition(dialect, chosen_library(config)):
        click.echo(f"\n{statement}")
