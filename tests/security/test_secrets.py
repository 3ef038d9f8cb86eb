# SPDX-License-Identifier: GPL-3.0-or-later
"""What is secret, or names a patient, is found in no log, no message, no process list and no open file."""

import os
import stat
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import audit
from camcops.demonstration.show import configure
from tests.running import running_server
from tests.web.browser import Browser
from tests.web.specimens import PASSWORD, make_people, store_patient, store_task

WRONG = "wrong but close password"
COOKIE_SECRET = "a secret of the tests"


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["plain", "json"])
def test_a_run_leaves_no_secret_behind(
    sqlite_database: Database, tmp_path: Path, log_format: str
) -> None:
    people = make_people(sqlite_database)
    who = store_patient(sqlite_database, people.liaison, "Verysecretname", "Zoë")
    pk = store_task(
        sqlite_database, people.liaison, "progressnote", who, {"note": "Verysecretnote"}
    )
    with running_server(
        tmp_path,
        sqlite_database.engine.url,
        SHOW_REQUESTS="true",
        SHOW_RESPONSE="true",
        DEBUG_REVERSE_PROXY="true",
        DEBUG_SHOW_GUNICORN_OPTIONS="true",
        LOG_FORMAT=log_format,
    ) as server:
        browser = Browser(server.port)
        browser.log_in("annie", WRONG)
        browser.log_in("annie\r\n2026-01-01 forged\x1b[2J", WRONG)
        browser.log_in("annie")
        for path in (
            f"/webview/tasks/progressnote/{pk}",
            "/webview/tasks?surname=Verysecretname",
            "/webview/tasks?dob=Verysecretname",
            "/webview/Verysecret%0d%0aforged",
        ):
            browser.get(path)
        token = browser.get("/webview/password").csrf
        fields = {"csrf_token": token, "old_password": WRONG, "new_password": WRONG + "2"}
        browser.post("/webview/password", fields | {"new_password_again": WRONG + "2"})
        sent = {"operation": "upload", "device": "t", "user": "tablet", "password": WRONG}
        browser.post(
            "/api", sent | {"camcops_version": "2.4.24", "session_token": "Verysecrettoken"}
        )
        assert server.process is not None
        listed = subprocess.run(
            ["ps", "-eo", "args"], capture_output=True, text=True, check=True
        ).stdout
    log = server.log.read_text()
    trail = sqlite_database.read(
        lambda conn: " ".join(map(str, conn.scalars(sa.select(audit.c.details))))
    )

    assert "/webview/tasks" in log
    for secret in (PASSWORD, WRONG, COOKIE_SECRET, "Verysecrettoken", *browser.cookies.values()):
        assert secret not in log
        assert secret not in trail
        assert secret not in listed
    for text in ("Verysecretname", "Verysecretnote"):
        assert text not in log
        assert text not in trail
    assert not any(line.startswith("2026-01-01") for line in log.splitlines())
    assert "\x1b" not in log


def test_demonstration_keeps_its_files_to_its_owner(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        settings = configure(tmp_path, 8000)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "camcops.conf").stat().st_mode) == 0o600
    assert settings.site.session_cookie_secret not in repr(settings)
