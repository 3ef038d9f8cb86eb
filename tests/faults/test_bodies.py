# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that are cut short, slow, huge or in disguise, at the level of the socket.

Each is refused with a reason or its connection closed; other devices upload meanwhile; memory stays bounded.
"""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPResponse, RemoteDisconnected
from pathlib import Path
from urllib.parse import urlencode

import pytest

from camcops.db.database import Database
from camcops.serving.patience import GRACE_S
from camcops.tablet_api.literals import encode
from tests.faults import whole_database
from tests.faults.devices import Device, contents, current_upload, registered
from tests.faults.server_processes import memory_mb, open_files
from tests.initial_states import make_tablet_state
from tests.running import RunningServer, running_server

MB = 1_000_000
LIMIT_MB = 30
SLOW_CLIENTS = 24
IDLE_CLIENTS = 200
LONGEST_UPLOAD_S = 3
MOST_MEMORY_MB = 100
"""Beyond what the server has when it has served its first uploads."""

FORM = {
    "camcops_version": "2.4.24",
    "device": "strange",
    "user": "tablet",
    "password": "tablet-pw-1",
    "operation": "upload_entire_database",
    "finalizing": "0",
}


def head(*headers: str, kind: str = "application/x-www-form-urlencoded") -> bytes:
    lines = ("POST /database HTTP/1.1", "Host: x", f"Content-Type: {kind}", *headers, "", "")
    return "\r\n".join(lines).encode()


@pytest.fixture(params=["serve_gunicorn", "serve_cherrypy"])
def server(
    sqlite_database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[RunningServer]:
    make_tablet_state(sqlite_database)
    limit = {"MAX_UPLOAD_MB": str(LIMIT_MB)}
    url = sqlite_database.engine.url
    with running_server(tmp_path, url, command=request.param, **limit) as running:
        yield running


@pytest.fixture
def device(server: RunningServer) -> Device:
    """A device like any other; the strange requests come in its name too."""
    [made] = registered(server.address, "strange")
    for _ in range(4):
        made.upload_once()
    return made


def connected(server: RunningServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def answer(connection: socket.socket) -> tuple[int, str]:
    """Status and body; status 0 if the connection was closed without an answer."""
    reply = HTTPResponse(connection)
    try:
        reply.begin()
        return reply.status, reply.read().decode()
    except (ConnectionResetError, RemoteDisconnected):
        return 0, ""


def check(database: Database, device: Device) -> None:
    """The device goes on as if nothing had been."""
    device.upload_once()
    assert current_upload(database, "strange") == device.acknowledged
    whole_database.check(database)


def whole_body() -> bytes:
    """A valid upload, of another number than any that the device sends."""
    tables = contents(500)
    data = {
        name: [{c: encode(v) for c, v in row.items()} for row in tables[name]] for name in tables
    }
    names = dict.fromkeys(tables, "id")
    return urlencode(FORM | {"pknameinfo": json.dumps(names), "dbdata": json.dumps(data)}).encode()


@pytest.mark.slow
def test_cut_short_at_every_kind_of_place(
    server: RunningServer, device: Device, sqlite_database: Database
) -> None:
    body = whole_body()
    request = head(f"Content-Length: {len(body)}") + body
    files = open_files(server.process.pid)
    places = [1, 20, len(head()) - 1, len(request) - len(body), len(request) - len(body) + 1]
    places += [len(request) // 2, len(request) - 2, len(request) - 1]
    for place in places:
        for ending in (socket.SHUT_WR, None):
            with connected(server) as connection:
                connection.sendall(request[:place])
                if ending is not None:
                    connection.shutdown(ending)
                    assert answer(connection)[0] in (0, 400, 408)
        assert current_upload(sqlite_database, "strange") == device.acknowledged
    check(sqlite_database, device)
    time.sleep(1)
    assert open_files(server.process.pid) <= files + 8


@pytest.mark.slow
def test_slow_and_idle_clients_hold_nobody_up(
    server: RunningServer, device: Device, sqlite_database: Database
) -> None:
    with ExitStack() as open_connections:
        for _ in range(IDLE_CLIENTS):
            open_connections.enter_context(connected(server))
        begun = time.monotonic()
        device.upload_once()
        assert time.monotonic() - begun < LONGEST_UPLOAD_S

        slow = [open_connections.enter_context(connected(server)) for _ in range(SLOW_CLIENTS)]
        for number, connection in enumerate(slow):
            in_header = number % 2 == 0
            connection.sendall(head("Content-Length: 1000000")[: -4 if in_header else None])
        begun = time.monotonic()
        sending = set(slow)
        while sending:
            for connection in list(sending):
                try:
                    connection.sendall(b"a")
                except (BrokenPipeError, ConnectionResetError):
                    sending.remove(connection)
            assert time.monotonic() - begun < 4 * GRACE_S, f"{len(sending)} are still served"
            time.sleep(1)
    check(sqlite_database, device)


@pytest.mark.slow
def test_ten_times_the_limit(
    server: RunningServer, device: Device, sqlite_database: Database
) -> None:
    at_rest = memory_mb(server.process.pid)
    status, _, sent, _ = _send_filling(server, 10 * LIMIT_MB)
    assert status in (0, 413)
    status, body, sent, highest = _send_filling(server, 4 * LIMIT_MB)
    assert (status, sent) == (200, 4 * LIMIT_MB)
    assert "success:0" in body
    assert f"{LIMIT_MB} MB" in body
    assert highest - at_rest < MOST_MEMORY_MB
    print(f"memory {at_rest:.0f} MB at rest, {highest:.0f} MB with {sent} MB")
    check(sqlite_database, device)


def _send_filling(server: RunningServer, megabytes: int) -> tuple[int, str, int, float]:
    """Send a form of so many MB: status, answer, MB sent until the server would have no more, peak memory."""
    start = urlencode(FORM).encode() + b"&dbdata="
    highest, sent = 0.0, 0
    with connected(server) as connection:
        connection.sendall(head(f"Content-Length: {megabytes * MB}") + start)
        try:
            connection.sendall(b"x" * (MB - len(start)))
            for sent in range(1, megabytes + 1):
                highest = max(highest, memory_mb(server.process.pid))
                if sent < megabytes:
                    connection.sendall(b"x" * MB)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has heard enough
        return *answer(connection), sent, highest


@pytest.mark.slow
def test_chunked_without_end(
    server: RunningServer, device: Device, sqlite_database: Database
) -> None:
    at_rest = memory_mb(server.process.pid)
    highest, sent = 0.0, 0
    filling = b"x" * MB
    chunk = f"{len(filling):x}\r\n".encode() + filling + b"\r\n"
    with connected(server) as connection:
        connection.sendall(head("Transfer-Encoding: chunked") + b"2\r\na=\r\n")
        try:
            while sent < 10 * LIMIT_MB * MB:
                connection.sendall(chunk)
                sent += len(filling)
                if sent % (8 * MB) == 0:
                    highest = max(highest, memory_mb(server.process.pid))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has heard enough
        assert answer(connection)[0] in (0, 413)
    assert sent <= 4 * LIMIT_MB * MB + 32 * MB
    assert highest - at_rest < MOST_MEMORY_MB
    print(f"memory {at_rest:.0f} MB at rest, {highest:.0f} MB with {sent // MB} MB in chunks")
    check(sqlite_database, device)


def test_packed_or_foreign_bodies_are_refused(
    server: RunningServer, device: Device, sqlite_database: Database
) -> None:
    body = whole_body()
    bomb = gzip.compress(b"a=" + b"0" * (100 * MB))
    at_rest = memory_mb(server.process.pid)
    for sent, headers, kind in (
        (gzip.compress(body), ["Content-Encoding: gzip"], None),
        (bomb, ["Content-Encoding: gzip"], None),
        (body, [], "multipart/form-data; boundary=x"),
        (body, [], "application/json"),
    ):
        with connected(server) as connection:
            length = f"Content-Length: {len(sent)}"
            first = head(length, *headers) if kind is None else head(length, *headers, kind=kind)
            connection.sendall(first + sent)
            status, text = answer(connection)
        assert (status, text) == (400, "Not a valid CamCOPS API request\n")
    assert memory_mb(server.process.pid) - at_rest < MOST_MEMORY_MB
    check(sqlite_database, device)


def test_a_whole_body_in_chunks_is_an_upload_like_any_other(
    server: RunningServer, device: Device, sqlite_database: Database
) -> None:
    body = whole_body()
    pieces = [body[start : start + 777] for start in range(0, len(body), 777)]
    chunks = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    with connected(server) as connection:
        connection.sendall(head("Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n")
        status, text = answer(connection)
    assert status == 200
    assert "success:1" in text
    assert current_upload(sqlite_database, "strange") == 500
