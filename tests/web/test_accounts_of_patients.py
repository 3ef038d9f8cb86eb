# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts of patients' own devices are not for the web."""

import sqlalchemy as sa

from camcops.accounts.permissions import Permission
from camcops.accounts.single_patient import open_account
from camcops.accounts.users import add_membership
from camcops.db.database import Database
from tests.web.browser import Browser
from tests.web.specimens import People, store_patient


def test_they_can_not_log_in_even_if_their_group_would_let_them(
    browser: Browser, site_database: Database, people: People
) -> None:
    pk = store_patient(site_database, people.liaison, "Example", "Ada")[1]

    def make(conn: sa.Connection) -> tuple[str, str]:
        user, password = open_account(conn, "phone", patient_pk=pk, group_id=people.liaison)
        add_membership(conn, user.id, people.liaison, list(Permission))
        return user.username, password

    name, password = site_database.write(make)
    answer = browser.log_in(name, password)
    assert answer.status != 303
    assert browser.get("/webview/tasks").status == 403
