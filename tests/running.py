# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program, serving: started, watched, stopped or killed as a whole."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import sqlalchemy as sa

from camcops.config.specimen import specimen

PATIENCE_S = 30.0


_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on; never one that was given before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def write_config(folder: Path, url: sa.URL, port: int, **more: str) -> Path:
    """A configuration for tests: the specimen with this database, port and further keys."""
    values = {
        "DB_URL": url.render_as_string(hide_password=False),
        "SESSION_COOKIE_SECRET": "a secret of the tests",
        "AUDIT_SECRET": "",
        "ALLOW_INSECURE_COOKIES": "true",
        "PORT": str(port),
        "GUNICORN_NUM_WORKERS": "2",
        "EXPORT_LOCKDIR": str(folder / "lock"),
        "CELERY_BEAT_SCHEDULE_DATABASE": str(folder / "beat"),
        "USER_DOWNLOAD_DIR": str(folder / "downloads"),
        "TRUSTED_PROXY_HEADERS": "",
        **more,
    }
    path = folder / "camcops.conf"
    path.write_text(specimen(values))
    path.chmod(0o600)
    return path


@dataclass
class RunningServer:
    """`camcops_server serve_…` in a process group of its own."""

    config: Path
    port: int
    command: str = "serve_gunicorn"
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.config.parent / "server.log"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "camcops", self.command, "--config", str(self.config)],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended:\n{self.log.read_text()[-3000:]}")
            try:
                with urlopen(f"{self.address}/database", timeout=5):
                    return
            except OSError:
                time.sleep(0.02)
        self.kill()
        raise AssertionError(f"the server did not come up:\n{self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """Kill every process of the server at once, as a power failure would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, as Supervisor does; the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE_S)


@contextmanager
def running_server(
    folder: Path, url: sa.URL, *, command: str = "serve_gunicorn", **more: str
) -> Iterator[RunningServer]:
    """A server on a free port, stopped at the end."""
    port = free_port()
    server = RunningServer(write_config(folder, url, port, **more), port, command)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
