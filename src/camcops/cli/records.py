# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands about stored records."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camcops.cli.shell import ServerCommand, config_option, open_site
from camcops.problems import INDEX_WRONG, Problem

if TYPE_CHECKING:
    import sqlalchemy as sa


@click.command(cls=ServerCommand)
@config_option(required=False)
def reindex(config: Path | None) -> None:
    """Rebuild the indexes of tasks and patients, and the stored scores.

    Everything is read from the records themselves, and replaced at once: until then, readers see what
    was there before. Uploads wait.
    """
    from camcops.records.reindex import rebuild

    site = open_site(config)

    def progress(table: str, tasks: int) -> None:
        if tasks:
            click.echo(f"{table}: {tasks}", err=True)

    total = site.database.write(lambda conn: rebuild(site.database, conn, progress))
    click.echo(f"Tasks indexed: {total}", err=True)


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.option("--show_all_bad", is_flag=True, help="Show every fault, not only the first.")
def check_index(config: Path | None, show_all_bad: bool) -> None:
    """Check that the indexes of tasks and patients agree with the records.

    Changes nothing. The exit status is 1 if they don't: `reindex` puts them right.
    """
    from camcops.records.index_check import faults

    site = open_site(config)

    def look(conn: "sa.Connection") -> int:
        found = 0
        for fault in faults(conn, site.database):
            click.echo(fault, err=True)
            found += 1
            if not show_all_bad:
                break
        return found

    if found := site.database.read(look):
        raise Problem(INDEX_WRONG, count=found if show_all_bad else "at least 1")
    click.echo("All good.", err=True)
