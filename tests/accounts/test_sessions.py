# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of browsers and tablets, and clearing away what has run out."""

import datetime as dt
from base64 import urlsafe_b64decode
from typing import Any

import pytest
import sqlalchemy as sa

from camcops.accounts import sessions
from camcops.accounts.housekeeping import clear_expired
from camcops.accounts.sessions import Session
from camcops.accounts.users import create_user, load_user
from camcops.accounts.visitors import find_visitor
from camcops.db.database import Database
from camcops.db.schema import account_lockouts, login_failures, task_filters
from camcops.db.schema import sessions as session_rows
from tests.statements import count_statements

NOW = dt.datetime(2026, 3, 29, 0, 59, 30, tzinfo=dt.UTC)
HOME = "192.0.2.1"


def start(database: Database, *, api: bool = False, now: dt.datetime = NOW) -> Session:
    return database.write(lambda conn: sessions.start(conn, remote_addr=HOME, now=now, api=api))


def find(database: Database, session: Session, **changes: Any) -> Session | None:
    given: dict[str, Any] = {
        "remote_addr": HOME,
        "now": NOW,
        "timeout_minutes": 30,
        "check_ip": True,
        "api": session.is_api,
        "token": session.token,
        **changes,
    }
    return database.read(lambda conn: find_visitor(conn, session.id, **given))[0]


def new_user(database: Database, name: str = "ann") -> int:
    return database.write(
        lambda conn: create_user(conn, username=name, password="pencil harbour sixteen")
    )


def log_in(database: Database, session: Session, user_id: int, **more: Any) -> Session:
    return database.write(lambda conn: sessions.log_in(conn, session, user_id, now=NOW, **more))


def test_session_is_found_by_number_and_token_only(database: Database) -> None:
    session = start(database)
    with count_statements(database) as seen:
        found = find(database, session)
    assert len(seen) == 1
    assert found == session
    for token in ("", "x" * 24, session.token[:-1], "é\udcff"):
        assert find(database, session, token=token) is None
    other = start(database)
    assert find(database, session, token=other.token) is None


def test_token_is_sixteen_random_bytes_and_the_database_has_only_a_digest(
    sqlite_database: Database,
) -> None:
    session = start(sqlite_database)
    assert len(session.token) == 24
    assert len(urlsafe_b64decode(session.token)) == 16
    stored = sqlite_database.read(lambda conn: conn.scalar(sa.select(session_rows.c.token)))
    assert session.token not in stored
    assert session.token not in repr(session)
    assert find(sqlite_database, session, token=stored) is None


def test_session_lasts_while_it_is_used(database: Database) -> None:
    session = start(database)
    later = NOW + dt.timedelta(minutes=30)
    assert find(database, session, now=later) is not None
    assert find(database, session, now=later + dt.timedelta(seconds=1)) is None
    database.write(lambda conn: sessions.renew(conn, session, later))
    assert find(database, session, now=later + dt.timedelta(minutes=30)) is not None


def test_use_is_due_to_be_written_once_a_minute(database: Database) -> None:
    session = start(database)

    def is_due_at(seconds: int) -> bool:
        now = NOW + dt.timedelta(seconds=seconds)
        found = find(database, session, now=now)
        assert found is not None
        if found.due_for_renewal(now):
            database.write(lambda conn: sessions.renew(conn, found, now))
            return True
        return False

    found = [is_due_at(seconds) for seconds in (0, 59, 60, 61, 119, 120)]
    assert found == [False, False, True, False, False, True]


def test_address_counts_if_it_is_to_be_checked(database: Database) -> None:
    session = start(database)
    assert find(database, session, remote_addr="192.0.2.99") is None
    assert find(database, session, remote_addr="192.0.2.99", check_ip=False) is not None


@pytest.mark.parametrize("api", [True, False])
def test_tablets_session_opens_no_pages_nor_the_reverse(
    sqlite_database: Database, api: bool
) -> None:
    session = start(sqlite_database, api=api)
    assert find(sqlite_database, session, api=not api) is None
    assert find(sqlite_database, session) is not None


def test_log_in_gives_a_new_token_and_ends_other_browser_sessions(database: Database) -> None:
    user_id, bob = new_user(database), new_user(database, "bob")
    old = log_in(database, start(database), user_id)
    tablet = log_in(database, start(database, api=True), user_id)
    bobs = log_in(database, start(database), bob)
    fresh = start(database)
    new = log_in(database, fresh, user_id)
    assert new.id == fresh.id
    assert new.token != fresh.token
    assert find(database, fresh) is None
    found = find(database, new)
    assert found is not None
    assert found.user_id == user_id
    assert find(database, old) is None
    assert find(database, tablet) is not None
    assert find(database, bobs) is not None
    user = database.read(lambda conn: load_user(conn, user_id))
    assert user is not None
    assert user.last_login_at_utc == NOW.replace(tzinfo=None)


def test_tablets_log_in_leaves_browser_sessions_and_last_login_alone(
    sqlite_database: Database,
) -> None:
    user_id = new_user(sqlite_database)
    browser = log_in(sqlite_database, start(sqlite_database), user_id)
    sqlite_database.write(
        lambda conn: sessions.log_in(
            conn,
            sessions.start(conn, remote_addr=HOME, now=NOW, api=True),
            user_id,
            now=NOW + dt.timedelta(hours=1),
            password_days=1,
        )
    )
    assert find(sqlite_database, browser) is not None
    user = sqlite_database.read(lambda conn: load_user(conn, user_id))
    assert user is not None
    assert user.last_login_at_utc == NOW.replace(tzinfo=None)
    assert not user.must_change_password


@pytest.mark.parametrize(("days", "must"), [(0, False), (10_000, False), (1, True)])
def test_old_passwords_must_be_changed(database: Database, days: int, must: bool) -> None:
    user_id = new_user(database)
    session = start(database)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    database.write(
        lambda conn: sessions.log_in(conn, session, user_id, now=later, password_days=days)
    )
    user = database.read(lambda conn: load_user(conn, user_id))
    assert user is not None
    assert user.must_change_password is must


def test_after_log_out_the_token_opens_nothing(database: Database) -> None:
    session = log_in(database, start(database), new_user(database))
    database.write(lambda conn: sessions.log_out(conn, session.id))
    assert find(database, session) is None
    assert find(database, session, token="") is None


def test_form_state_is_kept_with_the_session(database: Database) -> None:
    session = start(database)
    state = {"step": "mfa", "name": "Ünal"}
    database.write(
        lambda conn: sessions.remember(conn, session.id, number_to_view=50, form_state=state)
    )
    found = find(database, session)
    assert found is not None
    assert (found.number_to_view, found.form_state) == (50, state)


def test_destroyed_session_is_gone(sqlite_database: Database) -> None:
    session = start(sqlite_database)
    sqlite_database.write(lambda conn: sessions.destroy(conn, session.id))
    assert find(sqlite_database, session) is None


def test_what_has_run_out_is_cleared_away(database: Database) -> None:
    now = dt.datetime.now(dt.UTC)
    expired = start(database, now=now - dt.timedelta(minutes=31))
    alive = start(database, now=now - dt.timedelta(minutes=29))
    new_user(database)
    plain = now.replace(tzinfo=None, microsecond=0)

    def prepare(conn: sa.Connection) -> None:
        conn.execute(task_filters.insert(), [{"id": 1}, {"id": 2}])
        for session, number in ((expired, 1), (alive, 2)):
            conn.execute(
                session_rows.update()
                .where(session_rows.c.id == session.id)
                .values(task_filter_id=number)
            )
        conn.execute(
            account_lockouts.insert(),
            [
                {"username": "ann", "locked_until": plain - dt.timedelta(seconds=1)},
                {"username": "bob", "locked_until": plain + dt.timedelta(hours=1)},
            ],
        )
        conn.execute(
            login_failures.insert(),
            [{"username": name, "login_failure_at": plain} for name in ("ann", "nobody")],
        )

    database.write(prepare)
    database.write(lambda conn: clear_expired(conn, timeout_minutes=30))

    def left(table: sa.Table, column: str) -> list[Any]:
        return database.read(
            lambda conn: list(conn.scalars(sa.select(table.c[column]).order_by(table.c.id)))
        )

    assert left(session_rows, "id") == [alive.id]
    assert left(task_filters, "id") == [2]
    assert left(account_lockouts, "username") == ["bob"]
    assert left(login_failures, "username") == ["ann"]

    database.write(
        lambda conn: conn.execute(
            login_failures.insert().values(username="nobody", login_failure_at=plain)
        )
    )
    database.write(lambda conn: clear_expired(conn, timeout_minutes=30))
    assert left(login_failures, "username") == ["ann", "nobody"]
