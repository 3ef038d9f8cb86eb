# SPDX-License-Identifier: GPL-3.0-or-later
"""Stealing, fixing, forging and replaying sessions, and making a browser act for its user unasked."""

import base64
import hashlib
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import audit, metadata
from camcops.web.visits import COOKIE
from tests.security.intruder import TOKEN, cookie, in_session
from tests.web.browser import Browser
from tests.web.specimens import PASSWORD

LIST = "/webview/tasks"


def opens(browser: Browser) -> bool:
    """Does what this browser holds open a page with patients?"""
    return browser.get(LIST).status == 200


def test_cookie_known_before_log_in_opens_nothing_after(browser: Browser) -> None:
    browser.get("/webview/login")
    planted = dict(browser.cookies)
    browser.log_in("annie")

    assert opens(browser)
    assert not opens(Browser(browser.port, planted))


def test_session_planted_by_an_attacker_is_left_at_log_in(
    browser: Browser, site_database: Database
) -> None:
    attacker = in_session(browser.port, site_database, "bob")
    victim = Browser(browser.port, dict(attacker.cookies))

    victim.log_in("annie")

    assert "Dr Annie Smith" in victim.get("/webview").text
    assert not opens(attacker)


def test_cookie_is_forged_by_nobody_without_the_secret(annie: Browser) -> None:
    true = annie.cookies[COOKIE]
    raw = base64.urlsafe_b64decode(true + "=" * (-len(true) % 4))
    signature, content = raw[:64], raw[64:]
    visit = {"id": 1, "token": "x", "csrf": TOKEN, "say": []}
    forged = [
        cookie(visit, secret="another secret"),
        base64.urlsafe_b64encode(signature + content.replace(b'"id": 1', b'"id": 2')).decode(),
        base64.urlsafe_b64encode(hashlib.sha512(content).digest() + content).decode(),
        base64.urlsafe_b64encode(content).decode(),
        true[:-1],
        true[1:],
        true.swapcase(),
        "",
        "A" * 60_000,
        "\x7f\x01",
    ]

    for text in forged:
        assert not opens(Browser(annie.port, {COOKIE: text})), text
    assert opens(annie)


@pytest.mark.parametrize(
    "visit",
    [
        {"id": 1, "token": "guessed", "csrf": TOKEN, "say": []},
        {"id": -1, "token": "", "csrf": TOKEN, "say": []},
        {"id": 10**30, "token": "x", "csrf": TOKEN, "say": []},
        {"id": "1 OR 1=1", "token": "' OR ''='", "csrf": TOKEN, "say": []},
        {"id": 1, "token": "\ud800", "csrf": TOKEN, "say": []},
    ],
)
def test_number_of_a_session_is_no_use_without_its_token(
    annie: Browser, visit: dict[str, object]
) -> None:
    assert not opens(Browser(annie.port, {COOKIE: cookie(visit)}))


def test_tablets_session_opens_no_page(annie: Browser, site_database: Database) -> None:
    change = metadata.tables["_security_webviewer_sessions"].update().values(is_api_session=True)
    site_database.write(lambda conn: conn.execute(change))

    assert not opens(annie)


def test_second_log_in_ends_the_first(annie: Browser) -> None:
    second = Browser(annie.port)
    second.log_in("annie")

    assert opens(second)
    assert not opens(annie)


def test_logging_in_as_somebody_else_ends_the_session_held_before(annie: Browser) -> None:
    copy = Browser(annie.port, dict(annie.cookies))

    annie.log_in("bob")

    assert not opens(copy)


def test_new_password_ends_every_session_but_a_fresh_one_here(
    annie: Browser, site_database: Database
) -> None:
    tablets = metadata.tables["_security_webviewer_sessions"]
    user = sa.select(tablets.c.user_id).scalar_subquery()
    site_database.write(
        lambda conn: conn.execute(
            tablets.insert().values(user_id=user, token="x", is_api_session=True)
        )
    )
    copy = Browser(annie.port, dict(annie.cookies))
    new = "seven purple anvils"

    answer = annie.post(
        "/webview/password",
        {
            "csrf_token": annie.get("/webview/password").csrf,
            "old_password": PASSWORD,
            "new_password": new,
            "new_password_again": new,
        },
    )

    assert answer.status == 303
    assert opens(annie)
    assert not opens(copy)
    count = sa.select(sa.func.count()).select_from(tablets)
    assert site_database.read(lambda conn: conn.scalar(count)) == 1


@pytest.mark.parametrize("mount", ["", "/camcops"])
@pytest.mark.parametrize("insecure", [True, False])
def test_cookie_has_all_its_flags(serve: Callable[..., int], mount: str, insecure: bool) -> None:
    port = serve(
        server={"proxy_script_name": mount or None, "proxy_url_scheme": "https"},
        allow_insecure_cookies=insecure,
    )
    browser = Browser(port)

    sent = browser.get("/webview/login").headers["set-cookie"]

    flags = {part.strip().lower() for part in sent.split(";")[1:]}
    assert {"httponly", "samesite=lax", f"path={mount or '/'}"} <= flags
    assert ("secure" in flags) is not insecure
    assert not any(flag.startswith("domain") for flag in flags)


def changed_tables(database: Database) -> dict[str, int]:
    """Rows of each of the server's own tables, to see whether anything was changed."""

    def count(conn: sa.Connection) -> dict[str, int]:
        return {
            name: conn.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
            if name != audit.name
        }

    return database.read(count)


def test_looking_changes_nothing_but_the_audit_trail(
    annie: Browser, site_database: Database
) -> None:
    before = changed_tables(site_database)

    for path in ("/", "/webview", "/webview/login", "/webview/password", LIST, "/api", "/login"):
        annie.get(
            f"{path}?username=x&password=y&new_password=z&csrf_token={TOKEN}&operation=upload"
        )
        annie.ask("HEAD", path, None)

    assert changed_tables(site_database) == before


@pytest.mark.parametrize("path", ["/webview/logout", "/webview/password"])
def test_token_of_another_visit_moves_no_form(annie: Browser, path: str) -> None:
    stranger = Browser(annie.port)
    theirs = stranger.get("/webview/login").csrf
    new = "seven purple anvils"
    fields = {"old_password": PASSWORD, "new_password": new, "new_password_again": new}

    for sent in (theirs, "", "\u00e9", "x" * 5000):
        assert annie.post(path, fields | {"csrf_token": sent}).status == 403
    assert annie.post(f"{path}?csrf_token={annie.get('/webview').csrf}", fields).status == 403
    assert opens(annie)


def test_nobody_is_logged_in_unawares(browser: Browser) -> None:
    """A foreign page can post the attacker's own name and password, but not with the victim's token."""
    attacker = Browser(browser.port)
    theirs = attacker.get("/webview/login").csrf
    browser.get("/webview/login")

    answer = browser.post(
        "/webview/login", {"username": "bob", "password": PASSWORD, "csrf_token": theirs}
    )

    assert answer.status == 403
    assert not opens(browser)
