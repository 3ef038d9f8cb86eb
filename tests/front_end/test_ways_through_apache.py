# SPDX-License-Identifier: GPL-3.0-or-later
"""What each way of writing `ProxyPass` does in this Apache: why our section is written as it is."""

import re
import shutil
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.database_servers import ServerMissingError
from tests.front_end.conftest import FrontEnd
from tests.front_end.web_servers import Apache, web_user
from tests.running import free_port

pytestmark = pytest.mark.xdist_group("front_end")

WAYS = {
    "right": "ProxyPass /camcops unix:{one}|http://dummy1",
    "slash at the target only": "ProxyPass /camcops unix:{one}|http://dummy1s/",
    "slash at both": "ProxyPass /camcops/ unix:{one}|http://dummy1b/",
    "https": "ProxyPass /camcops unix:{one}|https://dummy1t",
    "root, no slash at the target": "ProxyPass / unix:{one}|http://dummy1r",
    "root": "ProxyPass / unix:{one}|http://dummy1rs/",
    "same dummy host": (
        "ProxyPass /one unix:{one}|http://shared\nProxyPass /two unix:{two}|http://shared"
    ),
    "own dummy hosts": (
        "ProxyPass /one unix:{one}|http://first\nProxyPass /two unix:{two}|http://second"
    ),
    "path at the target": "ProxyPass /camcops unix:{one}|http://localhost/one",
}
OPTIONS = " retry=0 timeout=300 disablereuse=on"

Ask = Callable[[str, str], tuple[int, str]]


@contextmanager
def echoing(path: Path) -> Iterator[None]:
    """A server on a socket that answers with the socket's name and the path that it was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked_for = self.requestline.split(" ")[1]  # self.path has leading slashes merged
            body = f"{path.name} {asked_for}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "-"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            return

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    with Server(str(path), Handler) as server:
        path.chmod(0o666)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def apache_with_ways(place: Path) -> Iterator[tuple[Apache, dict[str, int]]]:
    """An Apache with one host for each of the ways, and its ports."""
    folder = place / "ways"
    folder.mkdir()
    one, two = folder / "one", folder / "two"
    (folder / "www").mkdir()
    ports = {way: free_port() for way in WAYS}
    sections = [f"<Directory {folder}/www>\nRequire all granted\n</Directory>"]
    for way, lines in WAYS.items():
        passed = lines.format(one=one, two=two).replace("\n", f"{OPTIONS}\n") + OPTIONS
        proxied = f"DocumentRoot {folder}/www\n{passed}\nSSLProxyEngine on\n"
        sections.append(f"<VirtualHost *:{ports[way]}>\n{proxied}</VirtualHost>")
    with ExitStack() as stack:
        stack.enter_context(echoing(one))
        stack.enter_context(echoing(two))
        if user := web_user():
            shutil.chown(folder, user)
        server = Apache(folder, list(ports.values()), sections)
        try:
            server.start()
        except ServerMissingError as missing:
            skip_or_fail("apache", str(missing))
        stack.callback(server.stop)
        yield server, ports


@pytest.fixture
def ask(apache_with_ways: tuple[Apache, dict[str, int]]) -> Ask:
    """Status and, where a back end answered, its name and the path that it saw."""

    def asked(way: str, path: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", apache_with_ways[1][way], timeout=20)
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.read().decode()
        connection.close()
        return answer.status, said if answer.status == 200 else ""

    return asked


@pytest.mark.parametrize(
    ("way", "path", "status", "seen"),
    [
        ("right", "/camcops", 200, "one /"),
        ("right", "/camcops/x", 200, "one /x"),
        ("right", "/camcopsX", 404, ""),
        ("slash at the target only", "/camcops/x", 200, "one //x"),
        ("slash at both", "/camcops/x", 200, "one /x"),
        ("slash at both", "/camcops", 404, ""),
        ("https", "/camcops/x", 500, ""),
        ("root, no slash at the target", "/login", 500, ""),
        ("root", "/login", 200, "one /login"),
        ("root", "/", 200, "one /"),
        ("same dummy host", "/one/x", 200, "one /x"),
        ("own dummy hosts", "/one/x", 200, "one /x"),
        ("own dummy hosts", "/two/x", 200, "two /x"),
        ("path at the target", "/camcops/x", 200, "one /one/x"),
    ],
)
def test_way(ask: Ask, way: str, path: str, status: int, seen: str) -> None:
    assert ask(way, path) == (status, seen)


def test_two_instances_with_one_dummy_host_are_mixed_up(ask: Ask) -> None:
    """The second one's requests reach the first one's socket: data of the wrong site."""
    assert ask("same dummy host", "/two/x") == (200, "one /x")


def test_the_log_says_what_is_wrong(
    ask: Ask, apache_with_ways: tuple[Apache, dict[str, int]]
) -> None:
    ask("https", "/camcops/x")
    ask("root, no slash at the target", "/login")

    log = apache_with_ways[0].log.read_text()

    assert "AH01084" in log
    assert re.search("DNS lookup failure for: dummy1rlogin", log)


@pytest.mark.parametrize("path", ["/", "/camcops", "/a/b"])
@pytest.mark.parametrize("way", [["--socket", "/run/camcops/x.socket"], ["--port", "8000"]])
def test_ours_is_none_of_the_wrong_ones(path: str, way: list[str]) -> None:
    passed = [proxy_pass(name, path, way) for name in ("camcops", "second")]

    for target in passed:
        assert "|https" not in target
        assert target.endswith("/") == (path == "/")
    if way[0] == "--socket":
        hosts = {target.partition("|")[2] for target in passed}
        assert len(hosts) == 2


def proxy_pass(instance: str, path: str, way: list[str]) -> str:
    """The target that the program writes for an instance."""
    command = [sys.executable, "-m", "camcops", "demo_apache_config", "--instance", instance]
    done = subprocess.run(
        [*command, "--path", path, *way], capture_output=True, text=True, check=True
    )
    found = re.search(r'^\s*ProxyPass "([^"]+)" "([^"]+)"', done.stdout, re.MULTILINE)
    assert found
    assert found.group(1) == path
    return found.group(2)


@pytest.mark.parametrize("path", ["/login", "/webview/login"])
def test_the_founding_managers_slash_fault_is_none_with_our_program(
    front_ends: Callable[[str], FrontEnd], place: Path, path: str
) -> None:
    """Even behind a section that somebody wrote with a slash too many."""
    mount = front_ends("apache").mounts["apache /camcops socket"]
    folder, port = place / f"slash{path.count('/')}", free_port()
    folder.mkdir()
    section = f"""<VirtualHost *:{port}>
    RequestHeader set X-Forwarded-Proto https
    RequestHeader set X-Script-Name /camcops
    ProxyPass /camcops unix:{mount.socket}|http://slash/{OPTIONS}
</VirtualHost>"""
    server = Apache(folder, [port], [section])
    server.start()
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", f"/camcops{path}")
        answer = connection.getresponse()
        page = answer.read().decode()
    finally:
        connection.close()
        server.stop()
    moved = answer.getheader("Location")
    assert moved == "/camcops/webview/login" or 'action="/camcops/webview/login"' in page
