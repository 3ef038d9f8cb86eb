# SPDX-License-Identifier: GPL-3.0-or-later
"""The other servers of the program behind Apache: pages, cookies, addresses and tablets as with Gunicorn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from camcops.cli.main import COMMANDS
from tests.conftest import skip_or_fail
from tests.database_servers import ServerMissingError
from tests.front_end.authority import Certificates
from tests.front_end.back_end import back_end
from tests.front_end.client import Client
from tests.front_end.conftest import Site, start_front_end
from tests.front_end.sections import Mount
from tests.front_end.site import READER, newest_audit
from tests.front_end.tablets import through
from tests.running import free_port
from tests.tablet import WsgiTablet
from tests.web.specimens import PASSWORD

pytestmark = [pytest.mark.xdist_group("front_end"), pytest.mark.slow]

SERVERS = sorted({name for name in COMMANDS if name.startswith("serve_")} - {"serve_gunicorn"})
WAYS = [(name, way) for name in SERVERS for way in ("tcp", "socket") if name != "serve_pyramid"]


@pytest.fixture(scope="module", params=[("serve_pyramid", "tcp"), *WAYS], ids=" ".join)
def behind_apache(
    request: pytest.FixtureRequest, whole_site: Site, certificates: Certificates, place: Path
) -> Iterator[Mount]:
    command, way = request.param
    folder = place / f"{command}-{way}"
    server = back_end(
        folder, whole_site.database.engine.url, with_socket=way == "socket", command=command
    )
    server.start()
    mount = Mount(
        path="/camcops",
        https_port=free_port(),
        http_port=free_port(),
        static=whole_site.static,
        logo=whole_site.logo,
        port=None if server.socket else server.port,
        socket=server.socket,
    )
    try:
        front = start_front_end("apache", folder / "apache", {"": mount}, certificates)
    except ServerMissingError as missing:
        server.kill()
        skip_or_fail("apache", str(missing))
    yield mount
    front.server.stop()
    server.kill()


def test_pages_and_addresses(
    behind_apache: Mount, certificates: Certificates, whole_site: Site
) -> None:
    client = Client(behind_apache, certificates.trusted(), comes_from="127.0.0.91")

    answer = client.log_in(READER, PASSWORD)

    assert answer.location == "/camcops/webview"
    assert all(cookie["secure"] and cookie["path"] == "/camcops" for cookie in answer.set_cookies)
    page = client.follow(answer)
    assert "Find a patient" in page.text
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert newest_audit(whole_site.database, "Login") == "127.0.0.91"
    pdf = client.get(f"/camcops/webview/tasks/phq9/{whole_site.contents.phq9}/pdf")
    assert pdf.body.startswith(b"%PDF-")
    assert pdf.body.rstrip().endswith(b"%%EOF")
    forged = {"X_Forwarded_For": "203.0.113.9", "X_Script_Name": "/evil", "X_Forwarded_Proto": "x"}
    again = Client(behind_apache, certificates.trusted(), comes_from="127.0.0.92")
    assert 'action="/camcops/webview/login"' in again.ask("GET", "/camcops/", headers=forged).text
    for address in ("/camcops", "/camcops//webview", "/camcops/webview/"):
        assert client.follow(client.get(address)).status == 200


def test_tablets(behind_apache: Mount, certificates: Certificates, whole_site: Site) -> None:
    client = Client(behind_apache, certificates.trusted(), comes_from="127.0.0.93")
    tablet = WsgiTablet("/database", "other", "tablet", "tablet-pw-1", application=through(client))

    tablet.register("Other")

    assert newest_audit(whole_site.database, "register") == "127.0.0.93"
