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


def test_a_forged_host_stays_with_its_forger(client: Client) -> None:
    """Without it in redirects and addresses of forms, and in no answer that a cache may keep."""
    path = client.mount.path
    for page in (path or "/", f"{path}/webview/", f"{path}/webview/tasks", f"{path}/login"):
        answer = client.ask("GET", page, headers={"Host": "evil.example"})
        assert "evil.example" not in answer.location.partition("?")[0]
        assert b"evil.example" not in answer.body
        if answer.status == 200:
            assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("host", ["evil.example/x", "a b", "<script>", "evil.example:1:2", ""])
def test_odd_hosts_are_refused_or_left_out(client: Client, host: str) -> None:
    answer = client.ask("GET", f"{client.mount.path}/api", headers={"Host": host})

    assert answer.status == 400 or (host and host not in answer.text)
