# SPDX-License-Identifier: GPL-3.0-or-later
"""Private Apache and nginx: the distribution's programs and settings, in a folder, on high ports."""

import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.database_servers import program

PATIENCE_S = 20.0
MODULES = (
    *("mpm_event", "authn_core", "authz_core", "authz_host", "alias", "deflate", "dir", "env"),
    *("filter", "mime", "negotiation", "reqtimeout", "setenvif", "status", "access_compat"),
    *("socache_shmcb", "ssl", "proxy", "proxy_http", "headers"),
)
"""What Debian switches on, and what our section says to switch on."""
NEEDED_BY_US = ("ssl", "proxy", "proxy_http", "headers")


def web_user() -> str | None:
    """Whom a front-end server started by root serves as; None if we aren't root."""
    return "www-data" if os.getuid() == 0 else None


@dataclass
class WebServer(ABC):
    """A front-end server; `sections` are what an administrator adds to its configuration."""

    folder: Path
    ports: Sequence[int]
    sections: Sequence[str]
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def log(self) -> Path:
        return self.folder / "error.log"

    @property
    def configuration(self) -> Path:
        return self.folder / "front_end.conf"

    @abstractmethod
    def text(self) -> str:
        """The whole configuration."""

    @abstractmethod
    def command(self, *more: str) -> list[str]:
        """The program with this configuration."""

    def check(self) -> str:
        """What the program says of its configuration when asked to test it. Fails if it refuses it."""
        self.configuration.write_text(self.text())
        tested = subprocess.run(
            self.command("-t"), capture_output=True, text=True, check=False, env=self.environment()
        )
        said = tested.stdout + tested.stderr
        assert tested.returncode == 0, said
        return said

    def start(self) -> None:
        self.check()
        command = self.command(*self.in_front())
        if setpriv := shutil.which("setpriv"):
            command = [setpriv, "--pdeathsig=KILL", *command]
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                env=self.environment(),
                start_new_session=True,
            )
        for port in self.ports:
            self._await(port)

    def _await(self, port: int) -> None:
        assert self.process is not None
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        log = self.log.read_text() if self.log.exists() else ""
        raise AssertionError(f"no answer on port {port}: {log[-2000:]}")

    def stop(self) -> None:
        """End it with all its processes."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @abstractmethod
    def in_front(self) -> Iterable[str]:
        """Arguments that keep the program from going into the background."""

    @abstractmethod
    def reload(self) -> None:
        """Have it read its configuration again while it serves."""

    def environment(self) -> dict[str, str]:
        return dict(os.environ)


class Apache(WebServer):
    """`apache2` with Debian's own settings and modules."""

    def text(self) -> str:
        available = Path("/etc/apache2/mods-available")
        includes = [
            f"Include {available}/{name}.{kind}"
            for name in MODULES
            for kind in ("load", "conf")
            if (available / f"{name}.{kind}").exists()
        ]
        user = web_user()
        return "\n".join(
            [
                f"ServerRoot {self.folder}",
                f"PidFile {self.folder}/pid",
                f"ErrorLog {self.log}",
                "LogLevel warn",
                "ServerName localhost",
                *([f"User {user}", f"Group {user}"] if user else []),
                *["Timeout 300", "KeepAlive On", "MaxKeepAliveRequests 100", "KeepAliveTimeout 5"],
                *includes,
                "<Directory />",
                "    AllowOverride None",
                "    Require all denied",
                "</Directory>",
                *[f"Listen 127.0.0.1:{port}" for port in self.ports],
                *self.sections,
                "",
            ]
        )

    def command(self, *more: str) -> list[str]:
        return [program("apache2", "/usr/sbin"), "-f", str(self.configuration), *more]

    def in_front(self) -> Iterable[str]:
        return ["-D", "FOREGROUND"]

    def reload(self) -> None:
        """What `apachectl graceful` does: children finish what they have begun, then are replaced."""
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR1)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "APACHE_RUN_DIR": str(self.folder)}


class Nginx(WebServer):
    """`nginx` with the settings of Debian's `nginx.conf`."""

    def text(self) -> str:
        user = web_user()
        scratch = [
            f"    {kind}_temp_path {self.folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        ]
        return "\n".join(
            [
                *([f"user {user};"] if user else []),
                "worker_processes 2;",
                "daemon off;",
                f"pid {self.folder}/pid;",
                f"error_log {self.log};",
                "events { worker_connections 768; }",
                "http {",
                *["    sendfile on;", "    tcp_nopush on;", "    types_hash_max_size 2048;"],
                *["    include /etc/nginx/mime.types;", "    gzip on;"],
                *["    default_type application/octet-stream;", "    access_log off;"],
                *scratch,
                *self.sections,
                "}",
                "",
            ]
        )

    def command(self, *more: str) -> list[str]:
        named = ["-c", str(self.configuration), "-e", str(self.log), "-p", str(self.folder)]
        return [program("nginx", "/usr/sbin"), *named, *more]

    def in_front(self) -> Iterable[str]:
        return []

    def reload(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)
