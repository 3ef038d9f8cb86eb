# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that print configuration files: of the program itself, and of the programs around it."""

from pathlib import Path
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


@click.command(cls=ServerCommand)
@options(*FRONT_END)
@_section
def demo_nginx_config(section: bool, **given: Any) -> None:
    """Print an nginx configuration, equal to that for Apache.

    It is for /etc/nginx/sites-available. Without --path it mounts CamCOPS at the root of the host.
    """
    from camcops.deployment.nginx import nginx_config, nginx_section

    click.echo((nginx_section if section else nginx_config)(installation(given)), nl=False)


@click.command(cls=ServerCommand)
@options(*INSTANCE, "program", "server")
@click.option("--unit", metavar="NAME", help="Only this unit, such as camcops_server.service.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="DIR",
    help="Write each unit into a file in this folder, instead.",
)
def demo_systemd_units(unit: str | None, directory: Path | None, **given: Any) -> None:
    """Print systemd units: the three programs, a target over them, a daily backup.

    They are for /etc/systemd/system, one file each: use --directory or --unit.
    """
    from camcops.deployment.systemd import systemd_units

    units = systemd_units(installation(given))
    if unit is not None and unit not in units:
        raise click.UsageError(f"--unit must be one of {', '.join(units)}.")
    chosen = units if unit is None else {unit: units[unit]}
    for name, text in chosen.items():
        if directory is None:
            click.echo(text)
        else:
            (directory / name).write_text(text)
            click.echo(directory / name)


@click.command(cls=ServerCommand)
@options("https_port", "http_port")
@click.option("--ssh_port", metavar="N", type=click.IntRange(1, 65535), default=22, help="[22]")
@click.option(
    "--style",
    type=click.Choice(["nftables", "ufw", "firewalld"]),
    default="nftables",
    help="A file for nftables, or commands for another firewall. [nftables]",
)
def demo_firewall_rules(style: str, ssh_port: int, **given: Any) -> None:
    """Print firewall rules: https, http for its redirect, and SSH are open, all else is closed."""
    from camcops.deployment.firewall import firewall_rules

    click.echo(firewall_rules(installation(given), style, ssh_port), nl=False)


@click.command(cls=ServerCommand)
@options("instance", "config", "socket", "port", "static", "logo", "cache", "lock", "downloads")
def demo_selinux_commands(**given: Any) -> None:
    """Print commands that give files and folders their SELinux labels, for RHEL and its kin."""
    from camcops.deployment.selinux import selinux_commands

    click.echo(selinux_commands(installation(given)), nl=False)


@click.command(cls=ServerCommand)
@options(*INSTANCE, "program")
def demo_crontab(**given: Any) -> None:
    """Print lines for /etc/crontab, or a file in /etc/cron.d: the daily backup."""
    from camcops.deployment.scheduling import crontab

    click.echo(crontab(installation(given)), nl=False)


@click.command(cls=ServerCommand)
@options("instance", "user", "socket", "port", "lock", "downloads", "cache", "logs")
def demo_tmpfiles_config(**given: Any) -> None:
    """Print a file for /etc/tmpfiles.d: the folders that must be there at each boot, and private."""
    from camcops.deployment.scheduling import tmpfiles

    click.echo(tmpfiles(installation(given)), nl=False)


@click.command(cls=ServerCommand)
@options("instance", "logs")
def demo_logrotate_config(**given: Any) -> None:
    """Print a file for /etc/logrotate.d: the programs' logs under Supervisor, weekly, for a year."""
    from camcops.deployment.scheduling import logrotate

    click.echo(logrotate(installation(given)), nl=False)
