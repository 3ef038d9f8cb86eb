# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages through a front-end server: nothing leads away from the mount point, no cookie strays."""

import re
import ssl
from collections.abc import Iterator
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from pyramid.response import Response
from pyramid.session import SignedCookieSessionFactory
from pyramid.testing import DummyRequest

from camcops.web.visits import COOKIE
from tests.front_end.client import Client
from tests.front_end.conftest import Site
from tests.front_end.sections import Mount
from tests.front_end.site import PIXEL, READER
from tests.web.specimens import PASSWORD

pytestmark = pytest.mark.xdist_group("front_end")

REFERENCE = re.compile(r'\s(?:href|src|action|content)="([^"#]*)')
OUTSIDE = ("https://github.com/", "https://www.mydomain/")
"""Other sites that pages may name: where the app is to be had, and the institution's own."""


def test_log_in_and_crawl_every_page(reader: Client, whole_site: Site) -> None:
    """All that is linked to, and all forms and static files, stay under the mount point and exist.

    Of addresses that differ only in numbers and values, one is opened.
    """
    path = reader.mount.path
    waiting = [f"{path}/", f"{path}/webview", f"{path}/webview/password", f"{path}/api"]
    waiting.append(f"{path}/webview/tasks/photo/{whole_site.contents.photo}")
    if path:
        waiting.append(path)
    seen, kinds = set(map(kind_of_address, waiting)), set()
    for address in waiting:
        answer = reader.follow(reader.get(address))
        assert answer.status == 200, (address, answer.status, answer.body[:200])
        kinds.add(answer.headers.get_content_type())
        if answer.headers.get_content_type() != "text/html":
            continue
        for target in leads_to(answer.text, reader.mount):
            kind = kind_of_address(target)
            if kind not in seen and not target.endswith("/logout"):
                seen.add(kind)
                waiting.append(target)
    assert {"text/html", "application/pdf", "text/css", "image/svg+xml", "image/png"} <= kinds
    assert kinds & {"text/javascript", "application/javascript"}
    assert f"{path}/webview/tasks" in seen


def leads_to(page: str, mount: Mount) -> Iterator[str]:
    """Paths of all that a page refers to. Fails if any is outside the mount point."""
    for found in REFERENCE.findall(page):
        reference = unescape(found)
        if reference.startswith(OUTSIDE) or not re.match(r"[/.?]|https?:", reference):
            continue
        whole = urlsplit(urljoin(f"{mount.address}/x", reference))
        assert whole.netloc == f"localhost:{mount.https_port}", found
        assert f"{whole.path}/".startswith(f"{mount.path}/"), found
        yield whole.path + (f"?{whole.query}" if whole.query else "")


def kind_of_address(address: str) -> str:
    """The address without what tells it from others of its kind."""
    parts = urlsplit(address)
    names = sorted(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return re.sub(r"[0-9]+", "0", parts.path) + ("?" + "&".join(names) if names else "")


def test_documents_and_pictures_arrive_whole(reader: Client, whole_site: Site) -> None:
    path, contents = reader.mount.path, whole_site.contents

    page = reader.get(f"{path}/webview/tasks/phq9/{contents.phq9}")
    pdf = reader.get(f"{path}/webview/tasks/phq9/{contents.phq9}/pdf")
    picture = reader.get(f"{path}/webview/blobs/{contents.picture}")

    assert page.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert "OKAFOR" in page.text
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.body.startswith(b"%PDF-")
    assert pdf.body.rstrip().endswith(b"%%EOF")
    assert len(pdf.body) == int(pdf.headers.get("Content-Length", len(pdf.body)))
    assert (picture.headers["Content-Type"], picture.body) == ("image/png", PIXEL)


def test_cookies_and_headers(client: Client) -> None:
    answer = client.log_in(READER, PASSWORD)

    place = client.mount.path or "/"
    assert {cookie.key for cookie in answer.set_cookies} == {COOKIE, "camcops_browser"}
    for cookie in answer.set_cookies:
        assert cookie["secure"]
        assert cookie["httponly"]
        assert (cookie["samesite"].lower(), cookie["path"]) == ("lax", place)
        assert not cookie["domain"]
    assert answer.location == f"{client.mount.path}/webview"
    page = client.follow(answer)
    assert "Find a patient" in page.text
    assert page.headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]
    assert "upgrade-insecure-requests" in page.headers["Content-Security-Policy"]
    assert "no-store" in page.headers["Cache-Control"]
    for once in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"):
        assert len(page.headers.get_all(once, [])) == 1, once


@pytest.mark.parametrize("leading", ["//webview/login", "///webview/login"])
def test_doubled_slashes_are_no_fault(client: Client, leading: str) -> None:
    answer = client.follow(client.get(client.mount.path + leading))

    assert answer.status == 200
    assert f'action="{client.mount.path}/webview/login"' in answer.text


def test_address_without_and_with_final_slash(client: Client) -> None:
    path = client.mount.path
    for address in (path or "/", f"{path}/", f"{path}/webview", f"{path}/webview/", f"{path}/api"):
        answer = client.follow(client.get(address))
        assert answer.status == 200, address
        assert f'href="{path}/static/' in answer.text
    if path:
        for address in (f"{path}X", f"{path}X/webview"):
            answer = client.get(address)
            assert answer.status in (403, 404)
            assert "CamCOPS" not in answer.text


def test_page_at_a_tablets_address_names_the_address_to_type(client: Client) -> None:
    mount = client.mount
    page = client.get(f"{mount.path}/database").text

    endpoint = f"{mount.path}/database".lstrip("/")
    for told in (f"{mount.address}/api", "localhost", str(mount.https_port), endpoint):
        assert f">{told}<" in page


def test_a_cookie_left_over_at_the_root_is_cleared(reader: Client) -> None:
    path = reader.mount.path
    ours = reader.cookies[COOKIE, path or "/"]
    reader.cookies = {(COOKIE, "/"): ours} | {(COOKIE, path or "/"): ours}

    answer = reader.get(f"{path}/webview")

    assert "Find a patient" in answer.text
    assert ((COOKIE, "/") in reader.cookies) == (path == "")
    assert all(cookie["secure"] and cookie["httponly"] for cookie in answer.set_cookies)


@pytest.mark.parametrize(("secret", "stays"), [("a secret of the tests", False), ("other", True)])
def test_a_cookie_of_camcops_2_4_is_cleared_if_it_was_this_sites(
    client: Client, secret: str, stays: bool
) -> None:
    path = client.mount.path
    client.cookies[COOKIE, "/"] = cookie_of_2_4(secret)

    page = client.follow(client.get(f"{path}/webview/login"))

    assert page.status == 200
    if path:
        assert ((COOKIE, "/") in client.cookies) == stays
    assert client.log_in(READER, PASSWORD).status == 303


def cookie_of_2_4(secret: str) -> str:
    """As Pyramid's own session factory signs it, which CamCOPS 2.4 uses."""
    request = DummyRequest()
    session = SignedCookieSessionFactory(secret, cookie_name=COOKIE)(request)
    session["session_id"] = 1
    response = Response()
    request._process_response_callbacks(response)
    [cookie] = SimpleCookie(response.headers["Set-Cookie"]).values()
    return str(cookie.value)


def test_another_sites_cookie_at_the_root_is_left_alone(reader: Client) -> None:
    reader.cookies[COOKIE, "/other"] = ""
    if reader.mount.path:
        reader.cookies[COOKIE, "/"] = "of-another-instance"

    assert "Find a patient" in reader.get(f"{reader.mount.path}/webview").text

    if reader.mount.path:
        assert reader.cookies[COOKIE, "/"] == "of-another-instance"


def test_clients_that_were_not_told_to_trust_the_certificate_refuse_it(mount: Mount) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        Client(mount, ssl.create_default_context()).get(f"{mount.path}/webview")


def test_old_tls_is_refused(mount: Mount) -> None:
    old = ssl.create_default_context()
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLS"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol|version"):
        Client(mount, old).get(f"{mount.path}/webview")
