# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a server listens: a TCP port or a UNIX socket that is free, in a folder of its own."""

import errno
import logging
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from camcops.config.server import ServerSettings
from camcops.problems import ADDRESS_IN_USE, ADDRESS_UNUSABLE, Problem
from camcops.serving.folders import private_folder

log = logging.getLogger(__name__)

SOCKET_MODE: Final = 0o777
"""The front-end server may be another user: it is the folder that keeps others out."""

LONGEST_PATH: Final = 107
"""Bytes in the name of a UNIX socket, on Linux."""


def check(settings: ServerSettings) -> None:
    """Raise a Problem unless we can listen there; a socket that a dead server left behind is removed."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        return  # systemd listens for us
    with reasons(settings):
        if settings.unix_domain_socket is not None:
            private_folder(settings.unix_domain_socket.absolute().parent, "UNIX_DOMAIN_SOCKET")
            _warn_of_open_folder(settings.unix_domain_socket)
            _clear(settings.unix_domain_socket, settings)
        else:
            _try_port(settings.host, settings.port)


def address(settings: ServerSettings) -> str:
    """In words for people."""
    if settings.unix_domain_socket is not None:
        return f"the socket {settings.unix_domain_socket}"
    scheme = "https" if settings.ssl_certificate else "http"
    return f"{scheme}://{tcp_address(settings.host, settings.port)}/"


def tcp_address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextmanager
def reasons(settings: ServerSettings) -> Iterator[None]:
    """Say in plain words why listening failed."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE or (error.errno is None and "in use" in str(error)):
            raise Problem(ADDRESS_IN_USE, address=address(settings)) from error
        reason = error.strerror or str(error)
        raise Problem(ADDRESS_UNUSABLE, address=address(settings), reason=reason) from error


def _try_port(host: str, port: int) -> None:
    found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
    family, kind, protocol, _, place = found[0]
    with closing(socket.socket(family, kind, protocol)) as probe:
        if os.name == "posix":  # elsewhere it would let us take the port of another program
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(place)
        probe.listen()


def _clear(path: Path, settings: ServerSettings) -> None:
    """Nothing may be there, except the socket of a server that has died: that is removed."""
    if len(os.fsencode(path)) > LONGEST_PATH:
        reason = f"its name is too long (more than {LONGEST_PATH} bytes)"
        raise Problem(ADDRESS_UNUSABLE, address=address(settings), reason=reason)
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise Problem(
            ADDRESS_UNUSABLE,
            address=address(settings),
            reason="something else than a socket has that name",
        )
    with closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            log.info("Removing the socket %s, left behind by a server that has died", path)
            path.unlink(missing_ok=True)
            return
        except (TimeoutError, BlockingIOError):
            pass  # somebody listens, but is busy
    raise Problem(ADDRESS_IN_USE, address=address(settings))


def _warn_of_open_folder(path: Path) -> None:
    folder = path.absolute().parent
    if folder.stat().st_mode & stat.S_IXOTH:
        log.warning(
            "Everybody on this machine can reach the socket: chmod o-x %s, or choose another folder",
            folder,
        )
