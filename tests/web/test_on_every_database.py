# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from log-in to log-out on SQLite, MariaDB and PostgreSQL."""

from collections.abc import Callable

import pytest

from camcops.db.database import Database
from tests.web.browser import Browser
from tests.web.specimens import PHQ9, make_people, store_patient, store_task

pytestmark = pytest.mark.slow


@pytest.fixture
def site_database(database: Database) -> Database:
    """In this module the site stands on each kind of database in turn."""
    return database


def test_from_log_in_to_log_out(serve: Callable[..., int], database: Database) -> None:
    people = make_people(database)
    who = store_patient(database, people.liaison, "Ünal", "Zoë 🙂", idnums={1: 9434765919})
    pk = store_task(database, people.liaison, "phq9", who, PHQ9)
    browser = Browser(serve())

    assert browser.log_in("annie", "wrong password").status == 401
    assert browser.log_in("annie").status == 303
    listed = browser.get("/webview/tasks?surname=%C3%BCnal&which_idnum=1&idnum_value=9434765919")
    assert "ÜNAL, Zoë 🙂" in listed.text
    assert browser.get("/webview/tasks?surname=%27%22%5C%25").status == 200
    assert "Moderate" in browser.get(f"/webview/tasks/phq9/{pk}").text
    assert browser.get(f"/webview/tasks/phq9/{pk}/pdf").body.startswith(b"%PDF-")
    assert browser.get("/webview/tasks/phq9/999999999").status == 404
    home = browser.get("/webview")
    assert browser.post("/webview/logout", {"csrf_token": home.csrf}).status == 303
    assert browser.get("/webview/tasks").status == 403
