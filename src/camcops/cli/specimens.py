# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that print specimen files."""

import click

from camcops.cli.shell import ServerCommand


@click.command(cls=ServerCommand)
def demo_camcops_config() -> None:
    """Print a complete configuration file.

    Every key stands in it once, explained. It loads as it is, with an embedded database; edit DB_URL for
    MariaDB or PostgreSQL. Its SESSION_COOKIE_SECRET is new each time.
    """
    from camcops.config.specimen import specimen

    click.echo(specimen(), nl=False)
