# SPDX-License-Identifier: GPL-3.0-or-later
"""One suite for the three servers, over TCP, a UNIX socket and TLS: the answers are the same."""

import os
import re
import shutil
import signal
import socket
import ssl
import stat
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread

import pytest

from camcops.db.database import connect
from camcops.instruments.library import Library
from tests.serving.served import SOCKET, TCP, TLS, BrowserOf, Served, forwarding, served
from tests.serving.test_logs import furnish
from tests.tablet import encoded
from tests.tablet_api.recordings import Replay, recording
from tests.tablet_api.test_recorded_tablets import check_same

GUNICORN, CHERRYPY, PYRAMID = "serve_gunicorn", "serve_cherrypy", "serve_pyramid"
COMBINATIONS = [
    *((command, way) for command in (GUNICORN, CHERRYPY) for way in (TCP, SOCKET, TLS)),
    (PYRAMID, TCP),
]
LISTENING = "0A"
LOOPBACK = "0100007F"

pytestmark = pytest.mark.slow


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(each, id="-".join(each), marks=pytest.mark.xdist_group("-".join(each)))
        for each in COMBINATIONS
    ],
)
def server(
    request: pytest.FixtureRequest,
    library: Library,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    shutil.copyfile(sqlite_template, folder / "camcops.sqlite")
    database = connect(f"sqlite:///{folder / 'camcops.sqlite'}", library)
    furnish(database)
    url = database.engine.url
    database.engine.dispose()
    more = {"MAX_UPLOAD_MB": "3", "SHOW_REQUESTS": "true", "GUNICORN_NUM_WORKERS": "1"}
    with served(*request.param, folder, url, **more) as running:
        yield running


def a_request(length: int) -> bytes:
    """A tablet's request with so many bytes to no purpose."""
    form = {
        "camcops_version": "2.4.24",
        "device": "no-such-device",
        "user": "tablet",
        "password": "tablet-pw-1",
        "operation": "check_device_registered",
        "filler": "x" * length,
    }
    return encoded(form)


def browser(server: Served) -> BrowserOf:
    return BrowserOf(server.port, server=server)


def test_pages(server: Served) -> None:
    guest = browser(server)
    for path in ("/", "/webview"):
        page = guest.get(path)
        assert page.status == 200
        assert page.headers["content-type"].startswith("text/html")
        assert "You are not logged in" in page.text
        assert "debug" not in page.text.lower()  # no toolbar
    assert guest.get("/_debug_toolbar/").status == 404
    assert guest.get("/no/such/page").status == 404
    assert guest.get("//login").location == guest.get("/login").location == "/webview/login"
    sheet = re.search(r'href="([^"]+\.css[^"]*)"', page.text)
    assert sheet is not None
    assert "max-age=" in guest.get(sheet[1]).headers["cache-control"]
    assert guest.ask("HEAD", "/webview", None).body == b""


def test_server_says_no_version_and_tls_is_seen(server: Served) -> None:
    headers = browser(server).get("/").headers
    assert not re.search(r"[0-9/]|python", headers.get("server", "").lower())
    assert ("strict-transport-security" in headers) is (server.way == TLS)


def test_log_in_and_task_list(server: Served) -> None:
    annie = browser(server)
    assert annie.log_in("annie").status == 303
    page = annie.get("/webview/tasks?surname=Zebedee")
    assert page.status == 200
    assert "annie" in page.text
    assert "Zebedee" not in server.log.replace(page.text, "")


def test_recorded_tablet_registers_and_uploads(server: Served) -> None:
    replay = Replay(forwarding(server))
    for exchange in recording("tablet_t1"):
        check_same(exchange, replay.send(exchange))


def test_no_header_passes_for_another(server: Served) -> None:
    with closing(server.connect()) as connection:
        connection.request(
            "GET",
            "/login",
            headers={
                "Script-Name": "/evil",
                "SCRIPT_NAME": "/evil",
                "X_Script_Name": "/evil",
                "X-Script-Name": "/evil",
                "X-Forwarded-Proto": "https",
                "X_Forwarded_For": "203.0.113.66",
            },
        )
        answer = connection.getresponse()
        text = answer.read().decode()
    assert answer.status < 400
    assert "evil" not in text + str(answer.headers)
    assert ("Strict-Transport-Security" in answer.headers) is (server.way == TLS)
    assert "203.0.113.66" not in server.log


def test_body_that_is_too_large_is_told_so(server: Served) -> None:
    body = a_request(5_000_000)
    with closing(server.connect()) as connection:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/database", body, form)
        answer = connection.getresponse()
        assert answer.status == 200
        assert b"larger than this server accepts (3 MB)" in answer.read()


def test_listens_where_it_is_told_and_nowhere_else(server: Served) -> None:
    assert server.process is not None
    places = listening(server.process.pid)
    if server.way == SOCKET:
        assert places == set()
        assert stat.S_IMODE(server.socket_path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.socket_path.stat().st_mode) == 0o777
    else:
        assert places == {f"{LOOPBACK}:{server.port:04X}"}


def listening(pid: int) -> set[str]:
    """Addresses and ports of TCP that a process listens on, in hexadecimal as in /proc."""
    inodes = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        found = re.fullmatch(r"socket:\[([0-9]+)\]", os.readlink(file))
        if found:
            inodes.add(found[1])
    lines = []
    for table in ("tcp", "tcp6"):
        lines += Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    return {row[1] for row in rows if row[3] == LISTENING and row[9] in inodes}


def test_tls_is_modern(server: Served) -> None:
    if server.way != TLS:
        with closing(server.connect()) as connection:
            connection.connect()
            assert not isinstance(connection.sock, ssl.SSLSocket)
        return
    with closing(server.connect()) as connection:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        assert connection.sock.version() in ("TLSv1.2", "TLSv1.3")
    old = ssl.create_default_context(cafile=str(server.folder / "certificate.pem"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", server.port)) as plain,
        pytest.raises(ssl.SSLError),
    ):
        old.wrap_socket(plain, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with suppress(ConnectionResetError):  # as good an answer
            assert b"200 OK" not in plain.recv(1000)
    with socket.create_connection(("127.0.0.1", server.port)):  # silent: holds nobody up
        assert browser(server).get("/healthz").status == 200


def test_what_was_asked_is_logged_without_queries_or_faults(server: Served) -> None:
    browser(server).get("/webview?secret=Zanzibar")
    assert '"GET /webview HTTP/1.' in server.log
    assert "Zanzibar" not in server.log
    assert "Traceback" not in server.log
    assert "Unexpected" not in server.log


def test_a_request_in_progress_is_finished_when_asked_to_end(server: Served) -> None:
    """The last test of each server, as it ends it."""
    assert server.process is not None
    body = a_request(20_000)
    with closing(server.connect()) as connection:
        connection.putrequest("POST", "/database")
        connection.putheader("Content-Type", "application/x-www-form-urlencoded")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        connection.send(body[:10_000])
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        rest = Thread(target=lambda: (time.sleep(0.7), connection.send(body[10_000:])))
        rest.start()
        answer = connection.getresponse()
        rest.join()
        assert answer.status == 200
        assert b"success:0\nerror:Unregistered device" in answer.read()
    assert server.process.wait(20) == 0, server.log
    assert "Traceback" not in server.log
    if server.way == SOCKET:
        assert not server.socket_path.exists()
