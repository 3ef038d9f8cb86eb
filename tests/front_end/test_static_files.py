# SPDX-License-Identifier: GPL-3.0-or-later
"""Static files come from the front-end server itself, also while nothing runs behind it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from camcops.web.assets import FOLDER, SUFFIXES
from tests.conftest import skip_or_fail
from tests.database_servers import ServerMissingError
from tests.front_end.authority import Certificates
from tests.front_end.client import Client
from tests.front_end.conftest import FrontEnd, Site, start_front_end
from tests.front_end.sections import Mount
from tests.front_end.site import PIXEL
from tests.running import free_port

pytestmark = pytest.mark.xdist_group("front_end")

TYPES = {
    ".css": {"text/css"},
    ".js": {"text/javascript", "application/javascript"},
    ".svg": {"image/svg+xml"},
    ".png": {"image/png"},
    ".txt": {"text/plain"},
    ".md": {"text/markdown", "text/plain", "application/octet-stream"},
}


@pytest.fixture(scope="module", params=["apache", "nginx"])
def abandoned(
    request: pytest.FixtureRequest, whole_site: Site, certificates: Certificates, place: Path
) -> Iterator[FrontEnd]:
    """A front-end server behind which nothing runs, below a path and at the root."""
    mounts = {
        path: Mount(
            path=path,
            https_port=free_port(),
            http_port=free_port(),
            static=whole_site.static,
            logo=whole_site.logo,
            port=free_port(),
            instance=f"alone{len(path)}",
        )
        for path in ("/camcops", "")
    }
    try:
        front = start_front_end(
            request.param, place / f"{request.param}-alone", mounts, certificates
        )
    except ServerMissingError as missing:
        skip_or_fail(request.param, str(missing))
    yield front
    front.server.stop()


@pytest.mark.parametrize("path", ["/camcops", ""])
def test_every_static_file_arrives_while_the_back_end_is_stopped(
    abandoned: FrontEnd, certificates: Certificates, path: str
) -> None:
    client = Client(abandoned.mounts[path], certificates.trusted())
    files = [file for file in sorted(FOLDER.rglob("*")) if file.suffix in SUFFIXES]
    assert len(files) > 5

    assert client.get(f"{path}/webview").status in (502, 503)
    for file in files:
        answer = client.get(f"{path}/static/{file.relative_to(FOLDER).as_posix()}?v=abc")
        assert (answer.status, answer.body) == (200, file.read_bytes())
        assert answer.headers.get_content_type() in TYPES[file.suffix], file


@pytest.mark.parametrize("path", ["/camcops", ""])
def test_the_sites_own_logo_comes_first(
    abandoned: FrontEnd, certificates: Certificates, path: str
) -> None:
    mount = abandoned.mounts[path]
    (mount.static / "logo_local.png").write_bytes(b"not the site's own")
    client = Client(mount, certificates.trusted())

    answer = client.get(f"{path}/static/logo_local.png")

    assert (answer.status, answer.body) == (200, PIXEL)
    assert answer.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize("path", ["/camcops", ""])
@pytest.mark.parametrize(
    "climbing",
    [
        "/static/../certificates/server.key",
        "/static/%2e%2e/certificates/server.key",
        "/static../certificates/server.key",
        "/static/..%2fcertificates/server.key",
        "/static//../../certificates/server.key",
    ],
)
def test_nothing_beside_the_static_files_can_be_had(
    abandoned: FrontEnd, certificates: Certificates, path: str, climbing: str
) -> None:
    answer = Client(abandoned.mounts[path], certificates.trusted()).get(path + climbing)

    assert answer.status >= 400
    assert b"PRIVATE KEY" not in answer.body


def test_folders_are_not_listed(abandoned: FrontEnd, certificates: Certificates) -> None:
    client = Client(abandoned.mounts["/camcops"], certificates.trusted())
    for folder in ("/camcops/static/", "/camcops/static/vendor/", "/camcops/static/vendor"):
        answer = client.get(folder)
        assert answer.status in (301, 403, 404), folder
        assert b"theme.css" not in answer.body


class Answering(BaseHTTPRequestHandler):
    """A back end that has only just come up."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"up")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        return


@pytest.mark.parametrize("path", ["/camcops", ""])
def test_the_first_request_after_the_back_end_came_up_is_served(
    abandoned: FrontEnd, certificates: Certificates, path: str
) -> None:
    mount = abandoned.mounts[path]
    client = Client(mount, certificates.trusted())
    for _ in range(3):
        assert client.get(f"{path}/webview").status in (502, 503)
    assert mount.port is not None
    with HTTPServer(("127.0.0.1", mount.port), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        answer = client.get(f"{path}/webview")
        server.shutdown()
        thread.join()
    assert (answer.status, answer.body) == (200, b"up")
