# SPDX-License-Identifier: GPL-3.0-or-later
"""The serving commands as an administrator starts them: real processes, TCP and socket, start and stop."""

import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from camcops.db.database import Database
from tests.running import RunningServer, free_port, running_server, write_config

pytestmark = pytest.mark.slow


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_gunicorn_serves_and_stops_when_asked(sqlite_database: Database, tmp_path: Path) -> None:
    with running_server(tmp_path, sqlite_database.engine.url, SHOW_REQUESTS="true") as server:
        with urlopen(f"{server.address}/webview") as answer:
            page = answer.read().decode()
        assert server.stop() == 0

    assert "You are not logged in" in page
    assert '"GET /webview HTTP/1.1"' in server.log.read_text()
    assert "Control socket" not in server.log.read_text()


def test_founding_manuals_first_test(sqlite_database: Database, tmp_path: Path) -> None:
    """`serve_pyramid`, then `wget`: the log has the GET, the page says that one is not logged in."""
    config = write_config(tmp_path, sqlite_database.engine.url, free_port())
    port = int(
        next(line for line in config.read_text().splitlines() if line.startswith("PORT"))[7:]
    )
    server = RunningServer(config, port, "serve_pyramid")
    server.start()
    try:
        with urlopen(f"{server.address}") as answer:
            assert answer.headers["Content-Type"].startswith("text/html")
            assert "You are not logged in" in answer.read().decode()
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()

    assert '"GET / HTTP/1.1"' in server.log.read_text()


def over_socket(path: Path, request: bytes) -> bytes:
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.connect(str(path))
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_socket_overrides_tcp_and_is_gone_after_a_normal_stop(
    sqlite_database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "run" / "camcops.socket"
    port = free_port()
    config = write_config(tmp_path, sqlite_database.engine.url, port)
    command = [sys.executable, "-m", "camcops", "serve_gunicorn", "--config", str(config)]
    options = ["--unix_domain_socket", str(path), "--num_workers", "1"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*command, *options], stdout=log, stderr=log)
    try:
        wait_for(path.exists)
        reply = over_socket(
            path,
            b"GET / HTTP/1.1\r\nHost: dummy1\r\nX-Forwarded-Proto: https\r\nSCRIPT_NAME: /evil\r\n"
            b"Connection: close\r\n\r\n",
        )
        with closing(socket.socket()) as tcp:
            assert tcp.connect_ex(("127.0.0.1", port)) != 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()

    assert reply.startswith(b"HTTP/1.1 200")
    assert b"Strict-Transport-Security" not in reply
    assert b"evil" not in reply
    assert not path.exists()


def test_gunicorn_speaks_tls_itself(sqlite_database: Database, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
        f"-addext subjectAltName=DNS:localhost -keyout {key} -out {certificate}",
        shell=True,
        check=True,
        capture_output=True,
    )
    port = free_port()
    config = write_config(
        tmp_path,
        sqlite_database.engine.url,
        port,
        SSL_CERTIFICATE=str(certificate),
        SSL_PRIVATE_KEY=str(key),
        ALLOW_INSECURE_COOKIES="false",
    )
    command = [sys.executable, "-m", "camcops", "serve_gunicorn", "--config", str(config)]
    trusting = ssl.create_default_context(cafile=str(certificate))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--num_workers", "1"], stdout=log, stderr=log)
    try:
        wait_for(lambda: "Booting worker" in (tmp_path / "log").read_text())
        with urlopen(f"https://localhost:{port}/", context=trusting) as answer:
            headers = answer.headers
    finally:
        process.terminate()
        process.wait(20)

    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "secure" in headers["Set-Cookie"].lower()


def test_bad_option_is_refused_by_name(sqlite_database: Database, tmp_path: Path) -> None:
    config = write_config(tmp_path, sqlite_database.engine.url, free_port())
    command = [sys.executable, "-m", "camcops", "serve_gunicorn", "--config", str(config)]

    done = subprocess.run(
        [*command, "--port", "99999"], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert "PORT" in done.stderr
    assert "Traceback" not in done.stderr
