# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that describe one installation, for the commands that write files for the programs around it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from camcops.deployment.installation import Installation

FC = TypeVar("FC", bound=Callable[..., Any] | click.Command)

_OPTIONS: Mapping[str, tuple[str, type, str]] = {
    "instance": (
        "NAME",
        str,
        "Name of the instance, where there are several on a machine. [camcops]",
    ),
    "user": ("USER", str, "Unix user that the programs run as; RHEL: apache. [www-data]"),
    "config": ("FILE", str, "Its configuration file. [/etc/camcops/NAME.conf]"),
    "host": ("HOST", str, "Name under which browsers and tablets know the server."),
    "path": (
        "PATH",
        str,
        "Mount it below this path, such as /camcops. [the root; make_instance: /NAME]",
    ),
    "socket": (
        "FILE",
        str,
        "Socket between front end and program. [/run/camcops/NAME.socket]",
    ),
    "port": ("N", int, "TCP port between them, instead of a socket."),
    "https_port": ("N", int, "Port of the site. [443]"),
    "http_port": ("N", int, "Port of plain http, which is redirected or refused. [80]"),
    "program": ("DIR", str, "Where the program is installed. [/usr/share/camcops]"),
    "static": ("DIR", str, "Its static files. [/usr/share/camcops/server/static]"),
    "logo": ("FILE", str, "The institution's logo (PNG). [/srv/camcops/images/logo_local.png]"),
    "certificate": ("FILE", str, "TLS certificate. [/etc/ssl/certs/NAME.pem]"),
    "key": ("FILE", str, "Its private key. [/etc/ssl/private/NAME.key]"),
    "cache": ("DIR", str, "Plotting cache. [/var/cache/camcops/matplotlib]"),
    "lock": ("DIR", str, "Lock files. [/var/lock/camcops]"),
    "downloads": ("DIR", str, "Prepared downloads. [/var/tmp/camcops]"),
    "logs": ("DIR", str, "Logs of the programs. [/var/log/supervisor]"),
    "front_end_logs": ("DIR", str, "Logs of the front-end web server. [as on Debian]"),
    "backups": ("DIR", str, "Database dumps. [/var/backups/mysql]"),
    "server": ("gunicorn|cherrypy", str, "The back-end web server. [gunicorn]"),
    "max_upload_mb": ("N", int, "MAX_UPLOAD_MB of the configuration. [256]"),
    "startsecs": ("N", int, "Seconds until Supervisor takes a program for running. [30]"),
}

INSTANCE = ("instance", "user", "config")
"""What nearly every file needs to know."""

FRONT_END = (
    *("instance", "user", "host", "path", "socket", "port", "static", "logo", "certificate"),
    *("key", "https_port", "http_port", "front_end_logs", "max_upload_mb"),
)


def options(*names: str) -> Callable[[FC], FC]:
    """Give a command these options of an installation, in this order."""

    def add(command: FC) -> FC:
        for name in reversed(names):
            metavar, kind, says = _OPTIONS[name]
            command = click.option(f"--{name}", metavar=metavar, type=kind, help=says)(command)
        return command

    return add


def installation(given: Mapping[str, Any]) -> "Installation":
    """The installation that the options describe; a value that can't stand in the files is a usage error."""
    from camcops.config.readers import NotAllowed
    from camcops.deployment.installation import Installation

    try:
        return Installation(**{name: value for name, value in given.items() if value is not None})
    except NotAllowed as error:
        raise click.UsageError(f"{error}.", click.get_current_context()) from error
