# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program behind a front-end server, on a TCP port or a UNIX socket."""

import shutil
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from tests.front_end.web_servers import web_user
from tests.running import PATIENCE_S, RunningServer, free_port, write_config

TRUSTED = "\n    ".join(
    (
        *("HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_SERVER", "HTTP_X_FORWARDED_PORT"),
        *("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_FOR", "HTTP_X_SCRIPT_NAME"),
    )
)
"""What the specimen of a configuration trusts."""


@dataclass
class BackEnd(RunningServer):
    """Its `socket`, if it has one, is in a folder that only the front-end server's user may enter."""

    socket: Path | None = None

    def _wait_until_it_answers(self) -> None:
        if self.socket is None:
            super()._wait_until_it_answers()
            return
        assert self.process is not None
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if _answers(self.socket):
                return
            time.sleep(0.02)
        if self.process.poll() is None:
            self.kill()
        raise AssertionError(f"the server did not come up:\n{self.log.read_text()[-3000:]}")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(5)
        try:
            asking.connect(str(path))
            asking.sendall(b"GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n")
            return asking.recv(12).startswith(b"HTTP/1.")
        except OSError:
            return False


def back_end(
    folder: Path,
    url: sa.URL,
    *,
    with_socket: bool,
    command: str = "serve_gunicorn",
    settings: Mapping[str, str] | None = None,
) -> BackEnd:
    """A back end that is not started yet. Other `settings` than these are the specimen's."""
    folder.mkdir(mode=0o755)
    port = free_port()
    path = folder / "run" / "socket" if with_socket else None
    if path is not None:
        path.parent.mkdir(mode=0o700)
        if user := web_user():
            shutil.chown(path.parent, user)
    keys = {
        "ALLOW_INSECURE_COOKIES": "false",
        "TRUSTED_PROXY_HEADERS": TRUSTED,
        "UNIX_DOMAIN_SOCKET": str(path or ""),
        "SESSION_CHECK_USER_IP": "true",
        **(settings or {}),
    }
    return BackEnd(write_config(folder, url, port, **keys), port, command, socket=path)
