# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that really listen: what they log, and what they keep from the application."""

import logging
import socket
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import pytest

from camcops.config.server import ServerSettings
from camcops.serving.composition import compose
from camcops.serving.folders import private_folder
from camcops.serving.gunicorn import options
from camcops.serving.pyramid import make_server


def echo(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    """Answers with the client's address as the application sees it."""
    start("200 OK", [("Content-Type", "text/plain")])
    return [str(environ["REMOTE_ADDR"]).encode()]


@contextmanager
def serving(settings: ServerSettings) -> Iterator[str]:
    server = make_server(compose(echo, settings), "127.0.0.1", 0)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_request_line_has_path_status_and_time_but_no_query(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    settings = ServerSettings(show_requests=True, show_response=True, show_timing=True)

    with serving(settings) as address, urlopen(f"{address}/webview/tasks?surname=Secret") as answer:
        answer.read()

    line = next(text for text in caplog.messages if text.startswith("Request from 127.0.0.1"))
    assert '"GET /webview/tasks HTTP/1.' in line
    assert " -> 200 [0." in line
    assert "Secret" not in caplog.text


def test_immediate_log_has_two_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    settings = ServerSettings(show_requests=True, show_request_immediately=True)

    with serving(settings) as address, urlopen(f"{address}/") as answer:
        answer.read()

    ours = [text for text in caplog.messages if "GET / " in text]
    assert [text.split(" ")[0] for text in ours] == ["Request", "Response"]


def test_nothing_is_logged_unless_asked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    with serving(ServerSettings()) as address, urlopen(f"{address}/x") as answer:
        answer.read()

    assert not [text for text in caplog.messages if "GET" in text]


def test_no_request_can_begin_a_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    with (
        serving(ServerSettings(show_requests=True)) as address,
        urlopen(f"{address}/%0AERROR%20forged") as answer,
    ):
        answer.read()

    assert all("\n" not in text for text in caplog.messages)


def test_header_with_underscores_does_not_pass_for_a_trusted_one() -> None:
    settings = ServerSettings(trusted_proxy_headers=("HTTP_X_FORWARDED_FOR",))

    with serving(settings) as address:
        forged = Request(address, headers={"X_Forwarded_For": "203.0.113.66"})
        with urlopen(forged) as answer:
            assert answer.read() == b"127.0.0.1"


def test_gunicorn_leaves_forwarded_headers_to_us() -> None:
    chosen = options(ServerSettings(host="::1", port=8443, gunicorn_timeout_s=300), lambda: None)

    assert chosen["bind"] == "[::1]:8443"
    assert chosen["timeout"] == 300
    assert chosen["forwarded_allow_ips"] == chosen["forwarder_headers"] == ""
    assert chosen["secure_scheme_headers"] == {}


def test_socket_overrides_address_and_its_directory_is_private(tmp_path: Path) -> None:
    path = tmp_path / "run" / "camcops.socket"

    private_folder(path.parent, "UNIX_DOMAIN_SOCKET")

    assert options(ServerSettings(unix_domain_socket=path), lambda: None)["bind"] == f"unix:{path}"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_server_listens_on_ipv6_too() -> None:
    server = make_server(echo, "::1", 0)
    try:
        assert server.address_family == socket.AF_INET6
    finally:
        server.server_close()
