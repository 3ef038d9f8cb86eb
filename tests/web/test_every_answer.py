# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every address: headers, methods, prefixes, hostile input, and faults of our own."""

import gzip
import logging
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest

from camcops.site import Site
from camcops.web import home
from tests.web.browser import Answer, Browser

PAGES = [
    "/",
    "/webview",
    "/webview/login",
    "/webview/password",
    "/webview/tasks",
    "/webview/tasks/phq9/1",
    "/webview/tasks/phq9/1/pdf",
    "/webview/blobs/1",
    "/webview/nowhere",
    "/api",
    "/database",
    "/login",
    "/task?table_name=phq9&server_pk=1",
    "/static/theme.css",
    "/static/nothing.css",
    "/%ff",
]


def assert_protected(answer: Answer) -> None:
    headers = answer.headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]
    assert "cache-control" in headers


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_is_protected(browser: Browser, path: str) -> None:
    for _ in ("stranger", "annie"):
        answer = browser.get(path)
        assert_protected(answer)
        if not path.startswith("/static/theme"):
            assert "no-store" in answer.headers["cache-control"]
        browser.log_in("annie")


@pytest.mark.parametrize("path", ["/", "/webview/tasks", "/static/theme.css", "/database"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"])
def test_other_methods_are_refused(browser: Browser, path: str, method: str) -> None:
    answer = browser.ask(method, path, None)

    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert_protected(answer)


@pytest.mark.parametrize("path", ["/webview/tasks", "/webview", "/webview/nowhere", "/login"])
def test_posting_to_a_page_without_a_form_changes_nothing(annie: Browser, path: str) -> None:
    assert annie.post(path, {}).status in (403, 404, 405)


def test_https_is_kept(serve: Callable[..., int]) -> None:
    browser = Browser(
        serve(
            server={"trusted_proxy_headers": ("HTTP_X_FORWARDED_PROTO",)},
            allow_insecure_cookies=False,
        )
    )

    secure = browser.get("/", X_Forwarded_Proto="https")
    plain = browser.get("/")

    assert secure.headers["strict-transport-security"] == "max-age=31536000"
    assert "upgrade-insecure-requests" in secure.headers["content-security-policy"]
    assert "strict-transport-security" not in plain.headers
    for part in ("secure", "httponly", "samesite=lax"):
        assert part in secure.headers["set-cookie"].lower()


def test_forged_headers_change_neither_links_nor_redirects(browser: Browser) -> None:
    answer = browser.get(
        "/webview/",
        X_Forwarded_Host="evil.example",
        X_Forwarded_Proto="https",
        X_Script_Name="/evil",
        X_Forwarded_Server="evil.example",
        Host="evil.example",
    )

    assert answer.location == "/webview"
    assert "strict-transport-security" not in answer.headers
    page = browser.get("/", X_Script_Name="/evil", X_Forwarded_Host="evil.example").text
    assert "evil" not in page


@pytest.mark.parametrize("mount", ["/camcops", "/a/b"])
def test_everything_stays_below_the_mount_point(serve: Callable[..., int], mount: str) -> None:
    browser = Browser(serve(server={"proxy_script_name": mount}))
    login = browser.get("/")
    token = login.csrf
    fields = {"csrf_token": token, "username": "annie", "password": "correct horse battery"}
    entered = browser.post("/webview/login", fields)

    pages = [
        login,
        browser.get("/webview"),
        browser.get("/webview/tasks"),
        browser.get("/database"),
    ]
    addresses = {
        address
        for page in pages
        for address in re.findall(r'(?:href|src|action)="(/[^"]*|http://127[^"]*)"', page.text)
    }

    assert entered.location == f"{mount}/webview"
    assert f"Path={mount};" in login.headers["set-cookie"]
    assert len(addresses) > 8
    assert not [address for address in addresses if not address.startswith(f"{mount}/")]
    assert browser.get("/view_tasks").location == f"{mount}/webview/tasks"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/login", "/webview/login"),
        ("/login?redirect_url=/webview/tasks", "/webview/login?redirect_url=%2Fwebview%2Ftasks"),
        ("/login?redirect_url=https://evil.example/", "/webview/login"),
        ("/view_tasks?page=3", "/webview/tasks"),
        ("/set_filters", "/webview/tasks"),
        ("/change_own_password", "/webview/password"),
        ("/task?table_name=phq9&server_pk=12", "/webview/tasks/phq9/12"),
        ("/task?table_name=phq9&server_pk=12&viewtype=pdf", "/webview/tasks/phq9/12/pdf"),
    ],
)
def test_addresses_of_camcops_2_4_lead_to_ours(browser: Browser, old: str, new: str) -> None:
    answer = browser.get(old)

    assert answer.status == 301
    assert answer.location.replace("%2F", "/") == new.replace("%2F", "/")


@pytest.mark.parametrize(
    "path",
    [
        "/task?table_name=phq9",
        "/task?table_name=../etc&server_pk=1",
        "/task?table_name=phq9&server_pk=1&viewtype=fhirjson",
        "/webview/tasks/phq9/1x",
        "/webview/tasks/phq9/99999999999999999999",
        "/webview/tasks/_security_users/1",
        "/webview/tasks/patient/1",
        "/webview/tasks/nosuchtable/1",
        "/static/../application.py",
        "/static/%2e%2e/application.py",
        "/static//etc/passwd",
        "/%00",
    ],
)
def test_what_is_not_there_is_not_found(annie: Browser, path: str) -> None:
    assert annie.get(path).status == 404


@pytest.mark.parametrize(
    "query",
    [
        "dob=tomorrow",
        "sex=Q",
        "idnum_value=12",
        "which_idnum=1&idnum_value=abc",
        "which_idnum=99999999999&idnum_value=1",
        "tasks=nosuch",
        "tasks=_security_users",
        "group_ids=1%20OR%201=1",
        "complete_only=yes",
        "created_from=2026-02-30",
        "older=x",
        "older=20260707T000000-1%27",
        "newer=20260707T000000-99999999999999999999",
        "surname=" + "x" * 256,
        "surname=%00",
        "surname=%ff",
    ],
)
def test_parameters_that_cannot_be_meant_are_refused_politely(annie: Browser, query: str) -> None:
    answer = annie.get(f"/webview/tasks?{query}")

    assert answer.status == 400
    assert "That can&#39;t be used" in answer.text
    assert_protected(answer)


@pytest.mark.parametrize(
    "body",
    [
        b"csrf_token=%ff&username=%ff",
        b"\xff\xfe",
        b"username=annie&username=bob&password=x&csrf_token=" + b"a" * 100_000,
        b"=&=&&&==",
    ],
)
def test_odd_forms_are_refused_politely(browser: Browser, body: bytes) -> None:
    answer = browser.ask("POST", "/webview/login", body)

    assert answer.status in (400, 403, 413)


def test_files_in_a_form_are_ignored(browser: Browser) -> None:
    token = browser.get("/webview/login").csrf
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    body = (
        part.format("csrf_token", "", token)
        + part.format("username", '; filename="u.txt"', "annie")
        + part.format("password", '; filename="p.txt"', "correct horse battery")
        + "--x--\r\n"
    )

    answer = browser.ask(
        "POST",
        "/webview/login",
        body.encode(),
        {"Content-Type": "multipart/form-data; boundary=x"},
    )

    assert answer.status == 400
    assert "Type your user name." in answer.text


def test_a_fault_of_ours_gives_a_number_and_nothing_else(
    annie: Browser,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def break_down(*args: object, **kwargs: object) -> None:
        raise RuntimeError("inner secret")

    monkeypatch.setattr(home, "listing", break_down)
    with caplog.at_level(logging.ERROR):
        answer = annie.get("/webview")

    assert answer.status == 500
    assert "inner secret" not in answer.text
    assert "Traceback" not in answer.text
    reference = re.search(r">([0-9a-f]{12})<", answer.text)
    assert reference
    assert reference.group(1) in caplog.text
    assert_protected(answer)


def test_static_files_may_be_kept_for_ever_under_their_own_mark(browser: Browser) -> None:
    page = browser.get("/").text
    marked = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)

    assert len(marked) >= 4
    for address in marked:
        answer = browser.get(address)
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
    assert (
        browser.get("/static/theme.css?v=old").headers["cache-control"] == "public, max-age=86400"
    )


def test_style_sheets_travel_packed_to_those_who_can_unpack(browser: Browser) -> None:
    plain = browser.get("/static/vendor/bootstrap.min.css")
    packed = browser.get("/static/vendor/bootstrap.min.css", Accept_Encoding="gzip, br")

    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) * 5 < len(plain.body)
    assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == "Accept-Encoding"


def test_institutions_logo_is_the_configured_file(
    serve: Callable[..., int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    logo = tmp_path_factory.mktemp("logo") / "ours.png"
    logo.write_bytes(b"\x89PNG\r\n\x1a\n ours")
    browser = Browser(serve(local_logo_file_absolute=logo))

    assert browser.get("/static/logo_local.png").body == logo.read_bytes()
    assert "/static/logo_local.png" in browser.get("/").text


def test_tablets_address_explains_itself(browser: Browser) -> None:
    for path in ("/api", "/database"):
        answer = browser.get(path)
        assert answer.status == 200
        assert "This address is for the app" in answer.text
        assert f"http://127.0.0.1:{browser.port}/api" in answer.text


def test_no_query_string_reaches_the_log(
    serve: Callable[..., int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = Browser(serve(server={"show_requests": True}))
    browser.log_in("annie")

    browser.get("/webview/tasks?surname=" + quote("Verysecretname"))

    assert '"GET /webview/tasks HTTP' in caplog.text
    assert "Verysecretname" not in caplog.text
    assert "correct horse" not in caplog.text
