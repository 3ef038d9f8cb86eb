# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain HTTP: pages lead to HTTPS, tablets are refused; by the front-end server, and by us if it fails to."""

from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.front_end.back_end import back_end
from tests.front_end.client import Client
from tests.front_end.conftest import Site
from tests.front_end.site import READER
from tests.tablet import encoded
from tests.web.specimens import PASSWORD

pytestmark = pytest.mark.xdist_group("front_end")


@pytest.mark.parametrize(
    "page", ["", "/webview", "/webview/tasks?surname=x%20y", "/webview/tasks/phq9/1", "//webview"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_pages_lead_to_https(client: Client, page: str, method: str) -> None:
    answer = client.ask(method, (client.mount.path + page) or "/", plain=True)

    assert answer.status == 301
    assert answer.location.startswith(client.mount.address)
    assert answer.location.removeprefix(client.mount.address).lstrip("/") == page.lstrip("/")
    assert answer.set_cookies == []
    assert b"CamCOPS" not in answer.body


def test_a_form_sent_in_clear_is_not_served(client: Client) -> None:
    body = f"username={READER}&password={PASSWORD}".encode()

    answer = client.ask("POST", f"{client.mount.path}/webview/login", body, plain=True)

    assert answer.status in (301, 403)
    assert answer.set_cookies == []


@pytest.mark.parametrize("endpoint", ["/database", "/api", "/database/", "//database"])
def test_tablets_are_refused(client: Client, endpoint: str) -> None:
    form = encoded({"operation": "check_upload_user_and_device", "user": READER})

    answer = client.ask("POST", client.mount.path + endpoint, form, plain=True)

    assert answer.status == 403
    assert b"success" not in answer.body


def test_nobody_passes_for_having_come_by_https(client: Client) -> None:
    for header in ("X-Forwarded-Proto", "X_Forwarded_Proto", "X-Scheme", "X-Forwarded-Ssl"):
        answer = client.ask(
            "GET", f"{client.mount.path}/webview", headers={header: "https"}, plain=True
        )
        assert answer.status == 301


@pytest.mark.slow
def test_behind_a_front_end_that_lets_plain_http_through(whole_site: Site, tmp_path: Path) -> None:
    """The real program refuses by itself, if the front end tells it truly how the request came."""
    server = back_end(tmp_path / "back", whole_site.database.engine.url, with_socket=False)
    server.start()
    told = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "camcops.example"}

    def ask(method: str, path: str) -> tuple[int, str, bytes, str | None]:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = b"operation=check_device_registered" if method == "POST" else None
        connection.request(method, path, body, told | form | {"X-Script-Name": "/camcops"})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        location = answer.getheader("Location", "")
        return answer.status, location, said, answer.getheader("Set-Cookie")

    try:
        page = ask("GET", "/webview/tasks?sex=F")
        form = ask("POST", "/webview/login")
        tablet = ask("POST", "/database")
    finally:
        server.kill()

    assert page == (301, "https://camcops.example/camcops/webview/tasks?sex=F", b"", None)
    assert (form[0], form[1], form[3]) == (403, "", None)
    assert tablet[0] == 200
    assert b"success:0" in tablet[2]
    assert b"HTTPS only" in tablet[2]
