# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in and out: who may, what strangers see, and what a session is good for."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import audit, sessions, users
from tests.web.browser import Browser
from tests.web.specimens import PASSWORD


def audited(database: Database) -> list[str]:
    query = sa.select(audit.c.details).order_by(audit.c.id)
    return list(database.read(lambda conn: conn.scalars(query).all()))


def test_the_founding_managers_first_check_finds_a_log_in_form(browser: Browser) -> None:
    answer = browser.get("/")

    assert answer.status == 200
    assert "You are not logged in" in answer.text
    assert 'name="password"' in answer.text


def test_main_page_lets_strangers_log_in_too(browser: Browser) -> None:
    assert browser.get("/webview").status == 200
    assert browser.get("/webview/").location == "/webview"


def test_other_pages_answer_strangers_with_the_form_and_lead_back(browser: Browser) -> None:
    answer = browser.get("/webview/tasks?surname=Smith")

    assert answer.status == 403
    assert 'name="redirect_url" value="/webview/tasks?surname=Smith"' in answer.text


def test_logging_in_leads_to_the_page_that_was_wanted(
    browser: Browser, site_database: Database
) -> None:
    answer = browser.log_in("annie", redirect_url="/webview/tasks?sex=F")

    assert answer.status == 303
    assert answer.location == "/webview/tasks?sex=F"
    assert browser.get("/webview/tasks").status == 200
    assert audited(site_database) == ["Login"]


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/.//evil.example",
        "/webview/..//evil.example",
        "/%2f%2fevil.example",
        "/webview/%2e%2e//evil.example",
        "https:evil.example",
        "//annie@evil.example",
        "javascript:alert(1)",
    ],
)
def test_logging_in_never_leads_elsewhere(browser: Browser, target: str) -> None:
    answer = browser.log_in("annie", redirect_url=target)

    assert answer.location == "/webview"


def test_wrong_password_unknown_name_and_tablet_user_get_the_same_refusal(browser: Browser) -> None:
    answers = [
        browser.log_in("annie", "wrong password"),
        browser.log_in("nobody", "wrong password"),
        browser.log_in("tablet"),
        browser.log_in("lonely"),
        browser.log_in("system", "wrong password"),
    ]

    assert {answer.status for answer in answers} == {401}
    assert all("may not log in here" in answer.text for answer in answers)
    assert browser.get("/webview/tasks").status == 403


def test_refusal_keeps_the_name_but_not_the_password(browser: Browser) -> None:
    answer = browser.log_in("annie", "a wrong password")

    assert 'value="annie"' in answer.text
    assert "a wrong password" not in answer.text


def test_blank_form_says_at_each_field_what_is_missing(browser: Browser) -> None:
    answer = browser.log_in("", "")

    assert answer.status == 400
    assert '<a href="#username">Type your user name.</a>' in answer.text
    assert 'aria-describedby="password-error-1"' in answer.text


def test_wrong_passwords_in_another_browser_at_the_same_address_lock_nobody_else(
    serve: Callable[..., int],
) -> None:
    mine, other = (Browser(serve(lockout_threshold=2)) for _ in range(2))
    other.port = mine.port
    assert mine.log_in("annie").status == 303
    assert len(mine.cookies["camcops_browser"]) == 32
    answers = [other.log_in("annie", "wrong").status for _ in range(2)]
    assert answers == [401, 403]
    assert other.log_in("annie").status == 403
    assert mine.log_in("annie").status == 303


def test_locked_out_user_is_told_until_when(serve: Callable[..., int]) -> None:
    browser = Browser(serve(lockout_threshold=2))
    browser.log_in("annie", "wrong password")
    browser.log_in("annie", "wrong password")

    answer = browser.log_in("annie")

    assert answer.status == 403
    assert "is locked until" in answer.text
    assert "<time datetime=" in answer.text


def test_second_factor_is_never_skipped(browser: Browser, site_database: Database) -> None:
    change = users.update().where(users.c.username == "annie").values(mfa_method="totp")
    site_database.write(lambda conn: conn.execute(change))

    answer = browser.log_in("annie")

    assert answer.status == 403
    assert "second factor" in answer.text
    assert browser.get("/webview/tasks").status == 403


def test_logging_out_ends_the_session_for_every_copy_of_the_cookie(
    annie: Browser, site_database: Database
) -> None:
    thief = Browser(annie.port, dict(annie.cookies))
    token = annie.get("/webview").csrf

    answer = annie.post("/webview/logout", {"csrf_token": token})

    assert answer.location == "/webview/login"
    assert "You are logged out." in annie.get("/webview/login").text
    assert "You are logged out." not in annie.get("/webview/login").text
    assert thief.get("/webview/tasks").status == 403
    assert audited(site_database) == ["Login", "Logout"]


def test_session_token_changes_at_log_in(browser: Browser) -> None:
    browser.log_in("annie")
    before = Browser(browser.port, dict(browser.cookies))

    browser.log_in("annie")

    assert before.get("/webview/tasks").status == 403
    assert browser.get("/webview/tasks").status == 200


def test_strangers_leave_no_session_behind(browser: Browser, site_database: Database) -> None:
    for _ in range(3):
        browser.get("/")

    count = sa.select(sa.func.count()).select_from(sessions)
    assert site_database.read(lambda conn: conn.scalar(count)) == 0


def test_log_in_clears_away_what_has_expired(browser: Browser, site_database: Database) -> None:
    browser.log_in("annie")
    long_ago = sessions.update().values(last_activity_utc=dt.datetime(2020, 1, 1))  # noqa: DTZ001
    site_database.write(lambda conn: conn.execute(long_ago))
    assert browser.get("/webview/tasks").status == 403

    browser.log_in("newcomer")

    count = sa.select(sa.func.count()).select_from(sessions)
    assert site_database.read(lambda conn: conn.scalar(count)) == 1


def test_altered_cookie_is_no_cookie(annie: Browser) -> None:
    value = annie.cookies["camcops"]
    annie.cookies["camcops"] = ("A" if value[0] != "A" else "B") + value[1:]

    assert annie.get("/webview/tasks").status == 403


def test_cookie_of_another_instance_beside_ours_does_no_harm(annie: Browser) -> None:
    answer = Browser(annie.port).get(
        "/webview/tasks", Cookie=f"camcops=another-instances; camcops={annie.cookies['camcops']}"
    )

    assert answer.status == 200


def test_session_is_bound_to_its_address_behind_a_proxy(serve: Callable[..., int]) -> None:
    browser = Browser(serve(server={"trusted_proxy_headers": ("HTTP_X_FORWARDED_FOR",)}))
    token = browser.get("/webview/login", X_Forwarded_For="192.0.2.1").csrf
    fields = {"csrf_token": token, "username": "annie", "password": PASSWORD}
    browser.post("/webview/login", fields, X_Forwarded_For="192.0.2.1")

    assert browser.get("/webview/tasks", X_Forwarded_For="192.0.2.1").status == 200
    assert browser.get("/webview/tasks", X_Forwarded_For="192.0.2.2").status == 403


@pytest.mark.parametrize("path", ["/webview/login", "/webview/logout", "/webview/password"])
@pytest.mark.parametrize("token", ["", "wrong", "ünïcode"])
def test_forms_without_our_token_change_nothing(annie: Browser, path: str, token: str) -> None:
    fields = {"username": "annie", "password": PASSWORD} | ({"csrf_token": token} if token else {})

    answer = annie.post(path, fields)

    assert answer.status == 403
    assert "nothing was changed" in answer.text
    assert annie.get("/webview/tasks").status == 200


def test_browser_without_cookies_is_told_why_it_cannot_log_in(browser: Browser) -> None:
    token = browser.get("/webview/login").csrf
    browser.cookies.clear()

    answer = browser.post("/webview/login", {"csrf_token": token, "username": "annie"})

    assert answer.status == 403
    assert "sent no cookie" in answer.text


def test_logging_out_by_a_mere_link_is_impossible(annie: Browser) -> None:
    assert annie.get("/webview/logout").status == 405
    assert annie.get("/webview/tasks").status == 200


def test_new_password_must_be_set_before_anything_else(browser: Browser) -> None:
    browser.log_in("newcomer")

    assert browser.get("/webview").location == "/webview/password"
    assert browser.get("/webview/tasks").location == "/webview/password"
    assert "You must set a new password" in browser.get("/webview/password").text


def change(browser: Browser, old: str, new: str, again: str | None = None) -> str:
    token = browser.get("/webview/password").csrf
    fields = {
        "csrf_token": token,
        "old_password": old,
        "new_password": new,
        "new_password_again": new if again is None else again,
    }
    answer = browser.post("/webview/password", fields)
    return answer.text if answer.status == 400 else answer.location


def test_password_is_changed(browser: Browser, site_database: Database) -> None:
    browser.log_in("newcomer")

    assert change(browser, PASSWORD, "seven purple anvils").endswith("/webview")

    assert "Your password is changed." in browser.get("/webview").text
    assert browser.get("/webview/tasks").status == 200
    assert browser.log_in("newcomer").status == 401
    assert browser.log_in("newcomer", "seven purple anvils").status == 303
    assert "Password changed for user newcomer" in audited(site_database)


@pytest.mark.parametrize(
    ("old", "new", "again", "says"),
    [
        ("not the password", "seven purple anvils", None, "wrong"),
        (PASSWORD, PASSWORD, None, "same as the present one"),
        (PASSWORD, "xyz7", None, "shorter than"),
        (PASSWORD, "seven purple anvils", "seven purple hammers", "differ"),
        ("", "seven purple anvils", None, "Type your present password"),
    ],
)
def test_password_is_refused_with_the_reason_at_its_field(
    annie: Browser, old: str, new: str, again: str | None, says: str
) -> None:
    page = change(annie, old, new, again)

    assert says in page
    assert 'aria-invalid="true"' in page
    assert new not in page
    assert annie.log_in("annie").status == 303
