# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that clears away what has run out."""

from pathlib import Path

import click

from camcops.cli.shell import ServerCommand, config_option, open_site


@click.command(cls=ServerCommand)
@config_option(required=True)
def housekeeping(config: Path) -> None:
    """Clear away what has run out.

    Expired sessions and locks, failed log-ins older than a month, places from which nobody has logged in for
    half a year, events that were settled a month ago, and uploads that a tablet began a month ago and never
    finished. Programs that serve do so each hour by themselves, as does launch_scheduler.
    """
    from camcops.operation.housekeeping import keep_house

    dropped = keep_house(open_site(config))
    click.echo(f"Unfinished uploads dropped: {dropped}", err=True)
