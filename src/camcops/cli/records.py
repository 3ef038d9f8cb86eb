# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands about stored records."""

from pathlib import Path

import click

from camcops.cli.shell import ServerCommand, config_option, open_site


@click.command(cls=ServerCommand)
@config_option(required=True)
def reindex(config: Path) -> None:
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
