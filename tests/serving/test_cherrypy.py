# SPDX-License-Identifier: GPL-3.0-or-later
"""CherryPy's server: its own settings, requests that could be read in two ways, systems without `fork`."""

import datetime as dt
import errno
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from camcops.config.server import ServerSettings
from camcops.operation.certificates import validity
from camcops.serving.certificates import tls_context
from camcops.serving.cherrypy import make_server
from camcops.serving.composition import compose
from camcops.serving.mounting import Mounted
from tests.running import free_port
from tests.serving.served import make_certificate, make_expired_certificate

TWICE = "More than one"
CLOSED = {errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN}
"""What a client sees of a connection that the server has closed, each at its moment."""


def echo(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    """Answers with what it sees of the request."""
    if environ.get("CONTENT_LENGTH"):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    else:
        body = environ["wsgi.input"].read() if environ["wsgi.input_terminated"] else b""
    seen = [environ[name] for name in ("SERVER_NAME", "SCRIPT_NAME", "PATH_INFO")]
    start("200 OK", [("Content-Type", "text/plain")])
    return ["|".join(map(str, seen)).encode(), b"|", body]


@contextmanager
def serving(application: Any, **settings: Any) -> Iterator[int]:
    port = free_port()
    chosen = ServerSettings(port=port, cherrypy_threads_start=2, **settings)
    server = make_server(compose(application, chosen), chosen)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield port
    finally:
        server.stop()
        thread.join()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(echo) as port:
        yield port


def raw(port: int, request: bytes) -> bytes:
    """All that comes back until the server closes the connection."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: -5",
        "Content-Length: +5",
        "Content-Length : 5",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "X-Long: a\r\n b: c",
        "Host: another",
        ": nothing",
    ],
)
def test_request_that_could_be_read_in_two_ways_is_refused(port: int, head: str) -> None:
    second = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    request = f"POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\nhello{second}"
    answer = raw(port, request.encode())
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b"smuggled" not in answer
    assert answer.count(b"HTTP/1.1") == 1


def test_chunks_are_joined_and_end_the_connection(port: int) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    long = b"y" * 100_000
    body = b"5;note=1\r\nhello\r\n" + b"%x\r\n%s\r\n" % (len(long), long) + b"0\r\n\r\n"
    answer = raw(port, head + body + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"hello" + long in answer
    assert b"Connection: close" in answer
    assert b"smuggled" not in answer


@pytest.mark.parametrize(
    "body", [b"zz\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloo\r\n0\r\n\r\n", b"5\r\nhe"]
)
def test_chunks_that_are_none_are_no_body(port: int, body: bytes) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b"200 OK" not in raw(port, head + body)


def test_body_that_nobody_reads_is_no_second_request(port: int) -> None:
    def deaf(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", [("Content-Length", "0")])
        return []

    hidden = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(deaf) as other:
        for filler in (b"", b"z" * 2_000_000):
            body = hidden + filler
            head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            try:
                answer = raw(other, head.encode() + body)
            except OSError as error:
                if error.errno not in CLOSED:
                    raise
                continue  # closed before all was sent
            assert answer.count(b"HTTP/1.1 200") == 1


def test_a_connection_serves_many_requests(port: int) -> None:
    request = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
    answer = raw(port, 3 * request)
    assert answer.count(b"HTTP/1.1 200 OK") == 3


def test_header_with_underscores_is_dropped() -> None:
    def names(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return [str(environ.get("HTTP_X_FORWARDED_FOR", "none")).encode()]

    with serving(names, trusted_proxy_headers=("HTTP_X_FORWARDED_FOR",)) as port:
        forged = Request(f"http://127.0.0.1:{port}/", headers={"X_Forwarded_For": "203.0.113.66"})
        with urlopen(forged) as answer:
            assert answer.read() == b"none"


def test_own_settings() -> None:
    with serving(echo, cherrypy_server_name="ward", cherrypy_root_path="/camcops/") as port:
        with urlopen(f"http://127.0.0.1:{port}/camcops/webview") as answer:
            assert answer.read() == b"ward|/camcops|/webview|"
            assert answer.headers["Server"] == "ward"
        with pytest.raises(HTTPError) as refusal:
            urlopen(f"http://127.0.0.1:{port}/camcopsX")
        assert refusal.value.code == 404
        refusal.value.close()


def test_threads_come_as_they_are_needed_up_to_the_most() -> None:
    release = threading.Event()
    inside = threading.Semaphore(0)

    def waiting(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        inside.release()
        release.wait(20)
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    def ask(port: int) -> None:
        with urlopen(f"http://127.0.0.1:{port}/") as answer:
            answers.append(answer.read())

    answers: list[bytes] = []
    with serving(waiting, cherrypy_threads_max=5) as port:
        asking = [threading.Thread(target=ask, args=(port,)) for _ in range(8)]
        for thread in asking:
            thread.start()
        assert all(inside.acquire(timeout=10) for _ in range(5))
        assert not inside.acquire(timeout=0.5)  # the sixth waits for a thread
        release.set()
        for thread in asking:
            thread.join()
    assert answers == [b"ok"] * 8


def test_mounted_application_sees_no_mount_point() -> None:
    seen: dict[str, Any] = {}
    Mounted(lambda environ, start: seen.update(environ) or [], "/a/b")(
        {"PATH_INFO": "//a/b", "SCRIPT_NAME": ""}, lambda *_: None
    )
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/a/b", "")


def test_end_of_a_certificate_is_known_and_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    certificate, key = make_certificate(tmp_path, days=10)
    _, end = validity(certificate.read_text())
    assert abs(end - dt.datetime.now(dt.UTC) - dt.timedelta(days=10)) < dt.timedelta(minutes=5)
    tls_context(certificate, key)
    assert "in 9 days: renew it" in caplog.text
    far, far_key = make_certificate(
        tmp_path, "far", days=40_000
    )  # years beyond 2049 are written otherwise
    assert validity(far.read_text())[1].year > 2100
    caplog.clear()
    tls_context(far, far_key)
    assert not caplog.messages
    tls_context(*make_expired_certificate(tmp_path))
    assert "browsers and tablets will refuse it" in caplog.text


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nMAA=\n"])
def test_what_is_no_certificate_has_no_end(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        validity(text)


def test_imports_where_there_is_no_fork() -> None:
    """As on Windows: without the modules that Unix alone has."""
    code = """
import sys
for name in ("fcntl", "pwd", "grp", "termios", "resource", "gunicorn"):
    sys.modules[name] = None
import camcops.serving.cherrypy, camcops.cli.serving, camcops.cli.jobs, camcops.jobs.workers
import camcops.jobs.scheduler, camcops.serving.composition, camcops.web.application
print("imported")
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout == "imported\n", done.stderr
