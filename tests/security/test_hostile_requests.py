# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that no browser and no tablet sends: nothing breaks, nothing is believed, nothing is logged."""

import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from camcops.db.database import Database
from camcops.serving.gunicorn import without_queries
from camcops.serving.log_lines import PlainLines
from tests.running import running_server
from tests.security.intruder import raw
from tests.web.browser import Browser
from tests.web.specimens import PHQ9, People, store_patient, store_task
from tests.web.test_every_answer import PAGES, assert_protected

HOST = b"Host: camcops.example\r\nConnection: close\r\n"
SMUGGLED = b"GET /webview/tasks?surname=Verysecretname HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.mark.parametrize(
    "host",
    [
        "x/..//y",
        'a"><script>hurt()</script>',
        "evil.example\\@x",
        "a@b",
        "a b",
        "[::1",
        "",
        "a:b",
        "a?b",
    ],
)
@pytest.mark.parametrize("path", ["/", "/login", "/webview/", "/database", "/static/theme.css"])
def test_odd_host_is_refused(browser: Browser, host: str, path: str) -> None:
    answer = browser.get(path, Host=host)

    assert answer.status == 400
    assert answer.location == ""
    assert "hurt" not in answer.text
    assert_protected(answer)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8000", "[::1]:8000", "a_b.c-d"])
def test_name_of_the_host_leads_no_redirect_away(browser: Browser, host: str) -> None:
    for path in ("/login", "/webview/", "/view_tasks"):
        assert browser.get(path, Host=host).location.startswith("/webview")


FORGED = {
    "X_Forwarded_Host": "evil.example",
    "X_Forwarded_Proto": "https",
    "X_Forwarded_For": "10.0.0.1",
    "X_Forwarded_Prefix": "/evil",
    "X_Script_Name": "/evil",
    "X_Original_URL": "/webview/tasks",
    "X_Rewrite_URL": "/webview/tasks",
    "X_HTTP_Method_Override": "DELETE",
    "X_Host": "evil.example",
    "Forwarded": "for=10.0.0.1;host=evil.example;proto=https",
    "True_Client_IP": "10.0.0.1",
}


def test_client_is_believed_nothing_about_itself(browser: Browser) -> None:
    for path in ("/", "/webview", "/webview/login", "/database", "/login"):
        forged, plain = browser.get(path, **FORGED), browser.get(path)

        assert forged.status == plain.status
        assert "evil" not in forged.text + forged.location
        assert "strict-transport-security" not in forged.headers


@pytest.mark.parametrize(
    "query",
    [
        "older=20260101T000000-999999999999999999",
        "older=20260101T000000-9223372036854775807",
        "older=20260101T000000-9999999999999999999",
        "newer=00010101T000000-1",
        "idnum_value=999999999999999999&which_idnum=2147483647",
        "&".join(f"group_ids={number}" for number in range(5000)),
        "&".join("tasks=phq9" for _ in range(5000)),
        "&".join(f"p{number}=1" for number in range(8000)),
        "surname=%25&forename=_",
        "surname='%20OR%20''='&forename=%22;%20DROP%20TABLE%20patient;--",
        "surname=%F0%9F%98%80%CC%81&forename=%E2%80%AE",
        "group_ids=1e3",
        "group_ids=%D9%A3",
        "dob=%D9%A1970-01-01",
        "sex=F&sex=M",
        "surname[]=x&surname[a]=y",
    ],
    ids=lambda query: query[:40],
)
def test_any_query_is_answered_soon_and_never_by_a_fault(annie: Browser, query: str) -> None:
    begun = time.monotonic()

    answer = annie.get(f"/webview/tasks?{query}")

    assert answer.status in (200, 400, 414)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("sign", ["%25", "_", "*", "%25mith", "Smit_", "%5C"])
def test_no_sign_in_a_name_stands_for_others(
    annie: Browser, site_database: Database, people: People, sign: str
) -> None:
    who = store_patient(site_database, people.liaison, "Smith", "Zoë")
    store_task(site_database, people.liaison, "phq9", who, PHQ9)

    assert "SMITH" not in annie.get(f"/webview/tasks?surname={sign}").text


def test_many_small_fields_are_read_soon(browser: Browser) -> None:
    token = browser.get("/webview/login").csrf
    begun = time.monotonic()

    for separator in ("&", ";"):
        body = separator.join(f"a{number}=" for number in range(9000)) + f"&csrf_token={token}"
        answer = browser.ask("POST", "/webview/login", body.encode())
        assert answer.status in (400, 403)
    boundary = "\r\n".join(
        f'--x\r\nContent-Disposition: form-data; name="a{n}"\r\n\r\n' for n in range(900)
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = browser.ask("POST", "/webview/login", boundary.encode(), headers)
    assert answer.status in (400, 403)

    assert time.monotonic() - begun < 5


def test_static_files_are_a_closed_list(browser: Browser) -> None:
    for path in (
        "/static/../camcops.conf",
        "/static/%2e%2e/application.py",
        "/static/..%2f..%2fapplication.py",
        "/static/....//application.py",
        "/static//etc/passwd",
        "/static/vendor/../../application.py",
        "/static/theme.css%00.png",
        "/static/vendor",
        "/static/.",
        "/static/\\..\\application.py",
    ):
        answer = browser.get(path)
        assert answer.status == 404, path
        assert_protected(answer)


def test_answers_to_faulty_forms_are_protected_too(browser: Browser) -> None:
    for path in PAGES:
        assert_protected(browser.post(path.partition("?")[0], {"a": "b"}))
        assert_protected(browser.ask("POST", path.partition("?")[0], b"%ff=%ff&%"))


POST = b"POST /webview/login HTTP/1.1\r\n"
HALF = {
    "two lengths": POST + b"Content-Length: 4\r\nContent-Length: 5\r\n",
    "length and chunks": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "two encodings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
    "odd encoding": POST + b"Transfer-Encoding: xchunked\r\n",
    "space before colon": POST + b"Content-Length : 4\r\n",
    "signed length": POST + b"Content-Length: +4\r\n",
    "folded line": b"GET / HTTP/1.1\r\nX-A: b\r\n c: d\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: evil.example\r\n",
    "NUL": b"GET /\0 HTTP/1.1\r\n",
    "a version": b"GET /webview/tasks?surname=Verysecretname HTTP/9.9\r\n",
    "no line": b"GET /webview/tasks?surname=Verysecretname \x1b[31m FOO HTTP/1.1\r\n",
    "a long line": b"GET /?surname=Verysecretname" + b"a" * 10_000 + b" HTTP/1.1\r\n",
    "a long cookie": b"GET / HTTP/1.1\r\nCookie: camcops=" + b"a" * 1_000_000 + b"\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(500)),
}


@pytest.mark.slow
def test_gunicorn_takes_no_request_for_two(sqlite_database: Database, tmp_path: Path) -> None:
    with running_server(tmp_path, sqlite_database.engine.url, SHOW_REQUESTS="true") as server:
        for name, begin in HALF.items():
            try:
                answer = raw(server.port, begin + HOST + b"\r\n" + b"0\r\n\r\n" + SMUGGLED)
            except (ConnectionResetError, BrokenPipeError):
                continue
            assert answer.count(b"HTTP/1.1 ") == 1, name
            assert re.match(rb"HTTP/1.1 (400|414|431|501) ", answer), name
        log = server.log.read_text()
    assert "Invalid" in log
    assert "Verysecretname" not in log
    assert "\x1b" not in log


def record(message: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("gunicorn.error", logging.WARNING, "x", 1, message, values, None)


def test_no_text_passes_for_an_entry_of_the_log() -> None:
    text = "a\n2026-01-01 00:00:00.000 [p1.t1] camcops:INFO: forged\r\x1b[2J\x9b31m\u202eb"

    line = PlainLines().format(record("%s", text))

    assert not re.search(r"^2026-01-01", line, re.MULTILINE)
    assert not re.search("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\u202e]", line)


@pytest.mark.parametrize(
    "written",
    [
        record("Error handling request %s", "/webview/tasks?surname=Smith"),
        record("Invalid request: 'GET /webview/tasks?surname=Mac Smith HTTP/9'"),
        record("Invalid request: %s", ValueError("/?surname=Smith")),
    ],
)
def test_messages_of_gunicorn_end_where_a_query_begins(written: logging.LogRecord) -> None:
    assert without_queries(written)
    assert "Smith" not in PlainLines().format(written)


def test_address_asked_for_by_a_proxy_client_is_only_a_path(serve: Callable[..., int]) -> None:
    answer = raw(serve(), b"GET http://evil.example/login HTTP/1.1\r\n" + HOST + b"\r\n")

    assert b"evil" not in answer
