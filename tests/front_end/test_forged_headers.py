# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients say of themselves changes nothing: the audit trail has real addresses, redirects stay."""

import pytest

from tests.front_end.client import Client
from tests.front_end.conftest import Site
from tests.front_end.site import READER, newest_audit
from tests.web.specimens import PASSWORD

pytestmark = pytest.mark.xdist_group("front_end")

FORGED = {
    "X-Forwarded-For": "203.0.113.66",
    "X-Real-IP": "203.0.113.67",
    "X-Forwarded-Host": "evil.example",
    "X-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Protocol": "http",
    "X-Forwarded-Scheme": "http",
    "X-Scheme": "http",
    "X-Forwarded-Ssl": "off",
    "X-Forwarded-Https": "off",
    "X-Https": "off",
    "X-Script-Name": "/evil",
    "X-Forwarded-Script-Name": "/evil",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=203.0.113.68;host=evil.example;proto=http",
    "X_Forwarded_For": "203.0.113.69",
    "X_Script_Name": "/evil",
    "X_Forwarded_Proto": "http",
}
ADDRESS = "127.0.0.77"
"""Where the forger really is."""


def log_in(client: Client, headers: dict[str, str]) -> str:
    """Log in with these headers on each request; where that leads."""
    page = f"{client.mount.path}/webview/login"
    form = client.ask("GET", page, headers=headers)
    assert form.status == 200
    assert f'action="{page}"' in form.text
    assert "evil" not in form.text
    fields = f"csrf_token={form.csrf}&username={READER}&password={PASSWORD.replace(' ', '+')}"
    answer = client.ask("POST", page, fields.encode(), headers)
    assert answer.status == 303
    assert {cookie["path"] for cookie in answer.set_cookies} == {client.mount.path or "/"}
    assert all(cookie["secure"] for cookie in answer.set_cookies)
    return answer.location


@pytest.mark.parametrize("forged", [{}, FORGED, {"X-Forwarded-For": "203.0.113.1, 203.0.113.2"}])
def test_audit_has_the_real_address_and_redirects_stay_here(
    client: Client, whole_site: Site, forged: dict[str, str]
) -> None:
    client.comes_from = ADDRESS

    location = log_in(client, forged)

    assert location == f"{client.mount.path}/webview"
    assert newest_audit(whole_site.database, "Login") == ADDRESS


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "xlocalhost"])
def test_a_name_that_is_not_the_site_s_shows_nothing(client: Client, host: str) -> None:
    """Also where it is the first host of the machine, which gets what no other host is named for."""
    path = client.mount.path
    for page in (path or "/", f"{path}/webview/login", f"{path}/api", f"{path}/static/theme.css"):
        answer = client.ask("GET", page, headers={"Host": host})
        assert answer.status == 403
        assert host.encode() not in answer.body


def test_its_own_name_may_have_capitals_and_a_port(client: Client) -> None:
    for host in ("localhost", "LocalHost", f"localhost:{client.mount.https_port}"):
        page = f"{client.mount.path}/webview/login"
        assert client.ask("GET", page, headers={"Host": host}).status == 200


@pytest.mark.parametrize("host", ["evil.example/x", "a b", "<script>", "evil.example:1:2", ""])
def test_odd_hosts_are_refused_or_left_out(client: Client, host: str) -> None:
    answer = client.ask("GET", f"{client.mount.path}/api", headers={"Host": host})

    assert answer.status == 400 or (host and host not in answer.text)
