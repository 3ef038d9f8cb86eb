# SPDX-License-Identifier: GPL-3.0-or-later
"""`status`, and `/healthz` for monitors."""

import datetime as dt
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from webob import Request

from camcops.accounts.users import create_user
from camcops.audit import AuditTrail
from camcops.cli.main import server
from camcops.config import load
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import account_lockouts, devices, outbox, sessions, task_scores
from camcops.db.state import REVISION, version_table
from camcops.operation.sealer import seal_all
from camcops.operation.status import OpenUpload, status_of
from camcops.site import Site, audit_key
from camcops.web.application import make_wsgi_app
from tests.running import write_config
from tests.statements import count_statements

NOW = utc_now()
HOUR = dt.timedelta(hours=1)


def site_of(database: Database, folder: Path) -> Site:
    settings = load(write_config(folder, database.engine.url, 8000))
    return Site(settings, database.library, database, AuditTrail(audit_key(settings.site)))


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return site_of(database, tmp_path)


def test_new_installation(site: Site) -> None:
    found = status_of(site)
    assert (found.revision, found.last_upload_utc, found.outbox_waiting) == (REVISION, None, 0)
    assert (found.open_uploads, found.locked_users, found.outdated_scores) == ((), (), {})
    assert (found.free_bytes is not None) is (found.database == "sqlite")


def furnish(site: Site) -> None:
    def work(conn: sa.Connection) -> None:
        user = create_user(conn, username="ann", password="pencil harbour sixteen")
        create_user(conn, username="bob", password="pencil harbour sixteen")
        for name, until in (("ann", NOW + HOUR), ("bob", NOW - HOUR), ("nobody", NOW + HOUR)):
            conn.execute(account_lockouts.insert().values(username=name, locked_until=until))
        for api, used in ((True, NOW), (False, NOW), (False, NOW), (False, NOW - 100 * HOUR)):
            values = {"user_id": user, "is_api_session": api, "last_activity_utc": used}
            conn.execute(sessions.insert().values(**values))
        conn.execute(
            devices.insert().values(
                name="t1",
                ongoing_upload_batch_utc=NOW - HOUR,
                last_upload_batch_utc=NOW - 2 * HOUR,
            )
        )
        for state, made in (("waiting", NOW), ("claimed", NOW - HOUR), ("done", NOW - 9 * HOUR)):
            conn.execute(
                outbox.insert().values(
                    kind="x", state=state, created_at_utc=made, due_at_utc=made, attempts=0
                )
            )
        rules = site.library["phq9"].rules_hash
        for pk, used in enumerate((rules, "older", "older", "oldest")):
            conn.execute(
                task_scores.insert().values(
                    task_table_name="phq9",
                    task_pk=pk,
                    rules_hash=used,
                    is_complete=True,
                    is_valid=True,
                    has_alert=False,
                    results="{}",
                )
            )
        site.audit.record(conn, source="console")

    site.database.write(work)


def test_what_it_says(site: Site) -> None:
    furnish(site)
    seals = list(seal_all(site))
    with count_statements(site.database) as statements:
        found = status_of(site)
    assert len(statements) <= 20
    assert (found.browser_sessions, found.tablet_sessions) == (2, 1)
    assert found.locked_users == ("ann",)
    assert found.open_uploads == (OpenUpload("t1", NOW - HOUR),)
    assert found.last_upload_utc == NOW - 2 * HOUR
    assert (found.outbox_waiting, found.outbox_oldest_utc) == (2, NOW - HOUR)
    assert found.outdated_scores == {"phq9": 3}
    assert found.audit_sealed_up_to == found.audit_last == seals[-1].last_id


def test_command(sqlite_database: Database, tmp_path: Path) -> None:
    site = site_of(sqlite_database, tmp_path)
    furnish(site)
    config = str(site.settings.path)
    plain = CliRunner().invoke(server, ["status", "--config", config])
    assert plain.exit_code == 0
    assert f"t1 since {NOW - HOUR}" in plain.stdout
    assert f"{NOW - 2 * HOUR} (2 hours ago)" in plain.stdout
    assert f"the oldest since {NOW - HOUR} (1 hour ago)" in plain.stdout
    assert "Audit sealed:         not yet" in plain.stdout
    assert "phq9 3" in plain.stdout
    found = json.loads(CliRunner().invoke(server, ["status", "--json", "--config", config]).stdout)
    assert found["open_uploads"] == [
        {"device": "t1", "since_utc": f"{NOW - HOUR:%Y-%m-%dT%H:%M:%S}Z"}
    ]
    assert found["locked_users"] == ["ann"]


def test_healthz(sqlite_database: Database, tmp_path: Path) -> None:
    application = make_wsgi_app(site_of(sqlite_database, tmp_path))
    good = Request.blank("/healthz").get_response(application)
    assert (good.status_code, good.body, good.content_type) == (200, b"ok\n", "text/plain")
    assert "no-store" in good.headers["Cache-Control"]
    assert "Set-Cookie" not in good.headers
    with count_statements(sqlite_database) as statements:
        Request.blank("/healthz", cookies={"camcops": "x"}).get_response(application)
    assert len(statements) == 1
    sqlite_database.write(lambda conn: conn.execute(version_table.update().values(version_num="1")))
    bad = Request.blank("/healthz").get_response(application)
    assert (bad.status_code, bad.body) == (503, b"not ok\n")


def test_healthz_without_database(sqlite_database: Database, tmp_path: Path) -> None:
    application = make_wsgi_app(site_of(sqlite_database, tmp_path))
    sqlite_database.engine.dispose()
    Path(str(sqlite_database.engine.url.database)).unlink()
    assert Request.blank("/healthz").get_response(application).status_code == 503
