# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that print configuration files: of the program itself, and of the programs around it."""

from typing import Any

import click

from camcops.cli.installation_options import FRONT_END, INSTANCE, installation, options
from camcops.cli.shell import ServerCommand


@click.command(cls=ServerCommand)
def demo_camcops_config() -> None:
    """Print a complete configuration file.

    Every key stands in it once, explained. It loads as it is, with an embedded database; edit DB_URL for
    MariaDB or PostgreSQL. Its SESSION_COOKIE_SECRET is new each time.
    """
    from camcops.config.specimen import specimen

    click.echo(specimen(), nl=False)


@click.command(cls=ServerCommand)
@options(*INSTANCE, "program", "cache", "logs", "server", "startsecs")
def demo_supervisor_config(**given: Any) -> None:
    """Print a Supervisor configuration: web server, workers and scheduler, in one group.

    It is for /etc/supervisor/conf.d, and needs no editing where the options say what differs.
    """
    from camcops.deployment.supervisor import supervisor_config

    click.echo(supervisor_config(installation(given)), nl=False)


_section = click.option(
    "--section", is_flag=True, help="Only what belongs within an existing https host."
)


@click.command(cls=ServerCommand)
@options(*FRONT_END)
@_section
def demo_apache_config(section: bool, **given: Any) -> None:
    """Print an Apache configuration: TLS, static files, the way to the program, no plain http.

    It is for /etc/apache2/sites-available. Without --path it mounts CamCOPS at the root of the host.
    """
    from camcops.deployment.apache import apache_config, apache_section

    click.echo((apache_section if section else apache_config)(installation(given)), nl=False)
