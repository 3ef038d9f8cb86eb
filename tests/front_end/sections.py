# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator adds to the front-end server's configuration, as the program prints it."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.front_end.authority import Certificates


@dataclass(frozen=True)
class Mount:
    """One way from the network to a back end. `path` is `/camcops`, or empty for the root."""

    path: str
    https_port: int
    http_port: int
    static: Path
    logo: Path
    port: int | None = None
    socket: Path | None = None
    instance: str = "camcops"
    """Its name, which generated sections of one front-end server must not share."""

    @property
    def address(self) -> str:
        return f"https://localhost:{self.https_port}{self.path}"

    @property
    def plain_address(self) -> str:
        return f"http://localhost:{self.http_port}{self.path}"


def generated(kind: str, mount: Mount, made: Certificates, logs: Path) -> str:
    """What `demo_apache_config` or `demo_nginx_config` prints for this mount."""
    way = ["--socket", mount.socket] if mount.socket else ["--port", mount.port]
    options = {
        "--instance": mount.instance,
        "--host": "localhost",
        "--path": mount.path or "/",
        "--https_port": mount.https_port,
        "--http_port": mount.http_port,
        "--static": mount.static,
        "--logo": mount.logo,
        "--certificate": made.certificate,
        "--key": made.key,
        "--front_end_logs": logs,
    }
    command = [sys.executable, "-m", "camcops", f"demo_{kind}_config", *way]
    for name, value in options.items():
        command += [name, value]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
