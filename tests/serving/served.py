# SPDX-License-Identifier: GPL-3.0-or-later
"""One of the three servers, listening in one of three ways, and how to reach it."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.running import free_port, write_config
from tests.web.browser import Browser

TCP, SOCKET, TLS = "tcp", "socket", "tls"
PATIENCE_S = 30.0


class SocketConnection(HTTPConnection):
    """Over a UNIX socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("dummy1", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class TlsConnection(HTTPConnection):
    """Over TLS, trusting the server's own certificate."""

    def __init__(self, port: int, certificate: Path, timeout: float) -> None:
        super().__init__("localhost", port, timeout=timeout)
        self.context = ssl.create_default_context(cafile=str(certificate))

    def connect(self) -> None:
        super().connect()
        self.sock = self.context.wrap_socket(self.sock, server_hostname="localhost")


def make_certificate(folder: Path, name: str = "certificate", days: int = 90) -> tuple[Path, Path]:
    """A self-signed certificate for `localhost` that begins now, and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subject = ["-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-days", str(days), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *subject, *files], check=True, capture_output=True)
    return certificate, key


AUTHORITY = """
[ca]
default_ca = here
[here]
database = {folder}/index
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
[any]
commonName = supplied
"""


def make_expired_certificate(folder: Path) -> tuple[Path, Path]:
    """One that held for the first month of 2020, and its key."""
    config, request, key = (folder / name for name in ("ca.conf", "request", "expired.key"))
    config.write_text(AUTHORITY.format(folder=folder))
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    certificate = folder / "expired.pem"
    ask = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost"
    sign = f"ca -config {config} -batch -selfsign -notext -keyfile {key} -in {request} -out {certificate}"
    term = "-startdate 200101000000Z -enddate 200201000000Z"
    for command in (f"{ask} -keyout {key} -out {request}", f"{sign} {term}"):
        subprocess.run(["openssl", *command.split()], check=True, capture_output=True)
    return certificate, key


@dataclass
class Served:
    """`way`: TCP, SOCKET or TLS. `process` is None while it doesn't run."""

    command: str
    way: str
    config: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        return self.config.parent

    @property
    def socket_path(self) -> Path:
        return self.folder / "run" / "camcops.socket"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def connect(self, timeout: float = 20) -> HTTPConnection:
        if self.way == SOCKET:
            return SocketConnection(self.socket_path, timeout)
        if self.way == TLS:
            return TlsConnection(self.port, self.folder / "certificate.pem", timeout)
        return HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "camcops", self.command, "--config", str(self.config)],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE_S
        while not self.is_healthy():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def is_healthy(self) -> bool:
        try:
            with closing(self.connect(timeout=2)) as connection:
                connection.request("GET", "/healthz")
                return connection.getresponse().read() == b"ok\n"
        except (OSError, HTTPException):
            return False

    def kill(self) -> None:
        """Kill all its processes at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def served(command: str, way: str, folder: Path, url: sa.URL, **more: str) -> Iterator[Served]:
    """The server, started, and killed at the end if it still runs."""
    if way == SOCKET:
        more["UNIX_DOMAIN_SOCKET"] = str(folder / "run" / "camcops.socket")
    if way == TLS:
        certificate, key = make_certificate(folder)
        more |= {"SSL_CERTIFICATE": str(certificate), "SSL_PRIVATE_KEY": str(key)}
    port = free_port()
    server = Served(command, way, write_config(folder, url, port, **more), port)
    try:
        server.start()
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


@dataclass
class BrowserOf(Browser):
    """A browser that reaches the server in its way."""

    server: Served | None = None

    def connect(self) -> HTTPConnection:
        assert self.server is not None
        return self.server.connect()


def forwarding(server: Served) -> Any:
    """A WSGI application that lets the server answer: what talks to applications can so talk to it."""

    def forward(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        with closing(server.connect()) as connection:
            headers = {"Content-Type": environ["CONTENT_TYPE"]}
            connection.request(environ["REQUEST_METHOD"], environ["PATH_INFO"], body, headers)
            answer = connection.getresponse()
            content = answer.read()
        start(f"{answer.status} {answer.reason}", answer.getheaders())
        return [content]

    return forward
