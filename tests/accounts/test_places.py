# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong passwords lock only those who send them: by user, by address, by tablet or browser."""

import datetime as dt

import pytest

from camcops.accounts import places, throttling
from camcops.accounts.housekeeping import clear_expired
from camcops.accounts.signin import authenticate, unlock
from camcops.accounts.throttling import MOST_FAILURES, note_stranger, refuse_blocked
from camcops.accounts.users import User
from camcops.config.site import SiteSettings
from camcops.db.database import Database
from camcops.db.schema import login_failures, login_places
from camcops.problems import ADDRESS_BLOCKED, BAD_CREDENTIALS, LOCKED_OUT, Kind, Problem
from tests.accounts.test_signin import PASSWORD, TRAIL, add_ann, settings

__all__ = ["settings"]

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
OFFICE, HOME, EVIL = "192.0.2.7", "198.51.100.1", "203.0.113.66"


def attempt(
    database: Database,
    settings: SiteSettings,
    address: str | None,
    password: str = PASSWORD,
    *,
    name: str = "ann",
    client: str | None = None,
) -> User:
    return authenticate(
        database,
        TRAIL,
        settings,
        username=name,
        password=password,
        source="tablet",
        remote_addr=address,
        client=client,
    )


def refusal(
    database: Database,
    settings: SiteSettings,
    address: str | None,
    password: str = "a wrong password",
    *,
    name: str = "ann",
    client: str | None = None,
) -> Kind:
    with pytest.raises(Problem) as caught:
        attempt(database, settings, address, password, name=name, client=client)
    return caught.value.kind


def test_strangers_lock_out_strangers_only(database: Database, settings: SiteSettings) -> None:
    add_ann(database)
    attempt(database, settings, OFFICE)
    kinds = [refusal(database, settings, f"203.0.113.{n}") for n in range(3)]
    assert kinds == [BAD_CREDENTIALS, BAD_CREDENTIALS, LOCKED_OUT]
    assert refusal(database, settings, EVIL, PASSWORD) is LOCKED_OUT
    assert attempt(database, settings, OFFICE).username == "ann"
    # That success elsewhere opens nothing to the strangers.
    assert refusal(database, settings, HOME, PASSWORD) is LOCKED_OUT


def test_a_familiar_address_has_a_lock_of_its_own(
    database: Database, settings: SiteSettings
) -> None:
    add_ann(database)
    attempt(database, settings, OFFICE)
    attempt(database, settings, HOME)
    for _ in range(3):
        refusal(database, settings, OFFICE)
    assert refusal(database, settings, OFFICE, PASSWORD) is LOCKED_OUT
    assert attempt(database, settings, HOME).username == "ann"
    database.write(lambda conn: unlock(conn, "ann"))
    assert attempt(database, settings, OFFICE).username == "ann"


def test_a_colleague_at_the_same_address_locks_only_other_tablets(
    sqlite_database: Database, settings: SiteSettings
) -> None:
    add_ann(sqlite_database)
    attempt(sqlite_database, settings, OFFICE, client="device-of-ann")
    for _ in range(3):
        refusal(sqlite_database, settings, OFFICE, client="another")
    assert refusal(sqlite_database, settings, OFFICE, PASSWORD, client="another") is LOCKED_OUT
    assert attempt(sqlite_database, settings, OFFICE, client="device-of-ann").username == "ann"
    # Her tablet is known wherever it is carried.
    assert attempt(sqlite_database, settings, EVIL, client="device-of-ann").username == "ann"


def test_many_names_from_one_address_block_its_strangers(
    sqlite_database: Database, settings: SiteSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "MOST_FAILURES", 5)
    add_ann(sqlite_database)
    attempt(sqlite_database, settings, OFFICE)
    for n in range(5):
        assert refusal(sqlite_database, settings, OFFICE, name=f"guess{n}") is BAD_CREDENTIALS
    assert refusal(sqlite_database, settings, OFFICE, name="another") is ADDRESS_BLOCKED
    assert attempt(sqlite_database, settings, OFFICE).username == "ann"
    assert refusal(sqlite_database, settings, EVIL, name="guess5") is BAD_CREDENTIALS
    earlier = login_failures.update().values(login_failure_at=LONG_AGO)
    sqlite_database.write(lambda conn: conn.execute(earlier))
    assert refusal(sqlite_database, settings, OFFICE, name="another") is BAD_CREDENTIALS


def test_failures_without_a_name_count_by_address(database: Database) -> None:
    for _ in range(MOST_FAILURES):
        database.write(lambda conn: note_stranger(conn, EVIL))
    with pytest.raises(Problem, match="min from now") as caught:
        database.read(lambda conn: refuse_blocked(conn, EVIL))
    assert caught.value.kind is ADDRESS_BLOCKED
    assert 59 <= int(str(caught.value.data["minutes"])) <= 60
    database.read(lambda conn: refuse_blocked(conn, OFFICE))
    database.read(lambda conn: refuse_blocked(conn, None))


def test_failures_stop_to_count_after_a_day(
    sqlite_database: Database, settings: SiteSettings
) -> None:
    add_ann(sqlite_database)
    for _ in range(2):
        refusal(sqlite_database, settings, EVIL)
    old = dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(days=1, minutes=1)
    age = login_failures.update().values(login_failure_at=old)
    sqlite_database.write(lambda conn: conn.execute(age))
    assert refusal(sqlite_database, settings, EVIL) is BAD_CREDENTIALS


def test_places_are_noted_once_a_day_and_forgotten_when_unused(
    database: Database, settings: SiteSettings
) -> None:
    user_id = add_ann(database)
    attempt(database, settings, OFFICE, client="tablet")
    names = places.places(OFFICE, "tablet")
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    known = database.read(lambda conn: places.familiar(conn, user_id, names))
    assert set(known) == set(names)
    assert places.unnoted(names, known, now) == []
    assert places.unnoted(names, known, now + dt.timedelta(days=2)) == names
    later = now + dt.timedelta(days=2)
    database.write(lambda conn: places.note(conn, user_id, names, later))
    assert set(database.read(lambda conn: places.familiar(conn, user_id, names)).values()) == {
        later
    }
    unused = login_places.update().values(last_used_utc=LONG_AGO)
    database.write(lambda conn: conn.execute(unused))
    database.write(lambda conn: clear_expired(conn, timeout_minutes=30))
    assert database.read(lambda conn: places.familiar(conn, user_id, names)) == {}
