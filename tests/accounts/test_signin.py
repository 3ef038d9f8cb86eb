# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in by name and password: failures, locks, renewal of hashes."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import bcrypt
import pytest
import sqlalchemy as sa

from camcops.accounts import signin
from camcops.accounts.passwords import Verdict, verify_password
from camcops.accounts.signin import authenticate, lock_after, record_failure, unlock
from camcops.accounts.users import User, create_user, set_password, stored_password
from camcops.audit import AuditTrail
from camcops.config.site import SiteSettings
from camcops.db.database import Database
from camcops.db.schema import account_lockouts, audit, login_failures, users
from camcops.problems import BAD_CREDENTIALS, LOCKED_OUT, Problem
from tests.statements import count_statements

PASSWORD = "pencil harbour sixteen"
TRAIL = AuditTrail(b"k" * 32)


@pytest.fixture
def settings() -> SiteSettings:
    return SiteSettings(
        db_url="sqlite:////unused",
        session_cookie_secret="unused",
        patient_spec="{surname}",
        task_filename_spec="{tasktype}",
        tracker_filename_spec="{patient}",
        ctv_filename_spec="{patient}",
        lockout_threshold=3,
        lockout_duration_increment_minutes=20,
    )


def attempt(
    database: Database, settings: SiteSettings, name: str = "ann", password: str = PASSWORD
) -> User:
    return authenticate(
        database,
        TRAIL,
        settings,
        username=name,
        password=password,
        source="webviewer",
        remote_addr="192.0.2.7",
    )


def fail(database: Database, settings: SiteSettings, name: str = "ann") -> Problem:
    with pytest.raises(Problem) as caught:
        attempt(database, settings, name, "a wrong password")
    return caught.value


def add_ann(database: Database) -> int:
    return database.write(lambda conn: create_user(conn, username="ann", password=PASSWORD))


def all_rows(database: Database, table: sa.Table) -> list[sa.RowMapping]:
    return database.read(
        lambda conn: list(conn.execute(sa.select(table).order_by(table.c.id)).mappings())
    )


def test_right_password_gives_the_user_and_writes_nothing(
    database: Database, settings: SiteSettings
) -> None:
    user_id = add_ann(database)
    attempt(database, settings)  # notes the place
    with count_statements(database) as seen:
        assert attempt(database, settings).id == user_id
    assert len(seen) == 6
    assert all(statement.lstrip().startswith("SELECT") for statement in seen)


def test_failures_are_recorded_with_address_and_audited(
    database: Database, settings: SiteSettings
) -> None:
    user_id = add_ann(database)
    assert fail(database, settings).kind is BAD_CREDENTIALS
    assert fail(database, settings, "nobody").kind is BAD_CREDENTIALS
    kept = [(row["username"], row["remote_addr"]) for row in all_rows(database, login_failures)]
    assert kept == [("ann", "192.0.2.7"), ("nobody", "192.0.2.7")]
    trail = [(row["details"], row["user_id"]) for row in all_rows(database, audit)]
    assert trail == [("Failed login as user ann", user_id), ("Failed login as user nobody", None)]


def test_name_is_locked_at_each_multiple_for_longer_each_time(
    database: Database, settings: SiteSettings
) -> None:
    add_ann(database)
    for expected_minutes in (20, 40):
        assert [fail(database, settings).kind for _ in range(2)] == [BAD_CREDENTIALS] * 2
        began = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        assert fail(database, settings).kind is LOCKED_OUT
        locked = fail(database, settings)
        assert locked.kind is LOCKED_OUT
        until = locked.data["until"]
        assert isinstance(until, dt.datetime)
        minutes = (until - began).total_seconds() / 60
        assert expected_minutes - 0.1 < minutes < expected_minutes + 0.2
        with pytest.raises(Problem, match="locked until"):
            attempt(database, settings)
        database.write(lambda conn: conn.execute(account_lockouts.delete()))
    assert len(all_rows(database, login_failures)) == 6
    details = [row["details"] for row in all_rows(database, audit)]
    assert sum("locked for strange places until" in text for text in details) == 2


def test_unknown_names_are_locked_alike(sqlite_database: Database, settings: SiteSettings) -> None:
    kinds = [fail(sqlite_database, settings, "nobody").kind for _ in range(4)]
    assert kinds == [BAD_CREDENTIALS, BAD_CREDENTIALS, LOCKED_OUT, LOCKED_OUT]


def test_lock_ends_by_itself(sqlite_database: Database, settings: SiteSettings) -> None:
    add_ann(sqlite_database)
    past = dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(seconds=1)
    sqlite_database.write(
        lambda conn: conn.execute(
            account_lockouts.insert().values(username="ann", locked_until=past)
        )
    )
    assert attempt(sqlite_database, settings).username == "ann"


def test_success_forgets_failures(database: Database, settings: SiteSettings) -> None:
    add_ann(database)
    fail(database, settings)
    fail(database, settings, "nobody")
    attempt(database, settings)
    assert [row["username"] for row in all_rows(database, login_failures)] == ["nobody"]


def test_unlocking_lifts_locks_and_forgets(database: Database, settings: SiteSettings) -> None:
    add_ann(database)
    for _ in range(3):
        fail(database, settings)
    database.write(lambda conn: unlock(conn, "ann"))
    assert attempt(database, settings).username == "ann"
    assert all_rows(database, login_failures) == []


def test_simultaneous_failures_are_all_counted(database: Database, settings: SiteSettings) -> None:
    user_id = add_ann(database)

    def one_failure(_: int) -> bool:
        return (
            database.write(
                lambda conn: record_failure(
                    conn,
                    TRAIL,
                    settings,
                    username="ann",
                    user_id=user_id,
                    source="tablet",
                    remote_addr=None,
                )
            )
            is not None
        )

    with ThreadPoolExecutor(6) as pool:
        locked = list(pool.map(one_failure, range(12)))
    assert sum(locked) == 4
    assert len(all_rows(database, login_failures)) == 12


def test_adopted_bcrypt_user_is_upgraded_beside_the_old_hash(
    database: Database, settings: SiteSettings
) -> None:
    user_id = add_ann(database)
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(6)).decode()
    adopt = users.update().where(users.c.id == user_id).values(password_hash=None, hashedpw=old)
    database.write(lambda conn: conn.execute(adopt))
    attempt(database, settings)
    stored = database.read(lambda conn: stored_password(conn, user_id))
    assert stored is not None
    assert stored.hashedpw == old
    assert stored.password_hash is not None
    assert verify_password(stored, PASSWORD) is Verdict.RIGHT
    attempt(database, settings)
    assert database.read(lambda conn: stored_password(conn, user_id)) == stored


def test_password_changed_during_log_in_is_not_overwritten(
    sqlite_database: Database, settings: SiteSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = add_ann(sqlite_database)
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    adopt = users.update().where(users.c.id == user_id).values(password_hash=None, hashedpw=old)
    sqlite_database.write(lambda conn: conn.execute(adopt))
    hash_password = signin.hash_password

    def slowly(password: str, *, beside: str) -> str:
        sqlite_database.write(lambda conn: set_password(conn, user_id, "another pass phrase"))
        return hash_password(password, beside=beside)

    monkeypatch.setattr(signin, "hash_password", slowly)
    attempt(sqlite_database, settings)
    stored = sqlite_database.read(lambda conn: stored_password(conn, user_id))
    assert verify_password(stored, "another pass phrase") is Verdict.RIGHT


@pytest.mark.parametrize("name", ["system", "", "a\0b", "x" * 400])
def test_names_that_nobody_can_log_in_by(
    database: Database, settings: SiteSettings, name: str
) -> None:
    assert fail(database, settings, name).kind is BAD_CREDENTIALS


@pytest.mark.parametrize(
    ("failures", "minutes"), [(0, None), (9, None), (10, 20), (11, None), (20, 40), (30, 60)]
)
def test_arithmetic_of_locks(failures: int, minutes: int | None) -> None:
    term = lock_after(failures, threshold=10, increment_minutes=20)
    assert term == (None if minutes is None else dt.timedelta(minutes=minutes))
