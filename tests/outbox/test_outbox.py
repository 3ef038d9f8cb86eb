# SPDX-License-Identifier: GPL-3.0-or-later
"""Announcing events, claiming them, and saying what became of them."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import outbox
from camcops.outbox import Claim, TaskEvent, announce, claim, due, mark_done, mark_failed
from camcops.outbox.delivery import LONGEST_PAUSE, MOST_ATTEMPTS, TERM, pause_after
from tests.statements import count_statements


def events(count: int) -> list[TaskEvent]:
    return [TaskEvent("task_added", "phq9", pk, 1, 1) for pk in range(1, count + 1)]


def put(database: Database, count: int = 1) -> list[int]:
    database.write(lambda conn: announce(conn, events(count)))
    return database.read(due)


def row(database: Database, row_id: int) -> dict[str, Any]:
    query = sa.select(outbox).where(outbox.c.id == row_id)
    return database.read(lambda conn: dict(conn.execute(query).mappings().one()))


def take(database: Database, row_id: int, *, now: dt.datetime | None = None) -> Claim | None:
    return database.write(lambda conn: claim(conn, row_id, now=now))


def test_events_are_announced_with_one_statement(database: Database) -> None:
    with count_statements(database) as seen:
        database.write(lambda conn: announce(conn, events(50)))
    assert len(seen) == 1
    assert len(database.read(due)) == 50
    with count_statements(database) as seen:
        database.write(lambda conn: announce(conn, []))
    assert seen == []


def test_event_vanishes_with_its_transaction(sqlite_database: Database) -> None:
    def work(conn: sa.Connection) -> None:
        announce(conn, events(1))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sqlite_database.write(work)
    assert sqlite_database.read(due) == []


def test_claimed_event_says_what_happened(database: Database) -> None:
    (row_id,) = put(database)
    held = take(database, row_id)
    assert held is not None
    assert (held.kind, held.table_name, held.server_pk) == ("task_added", "phq9", 1)
    assert (held.device_id, held.group_id, held.attempt) == (1, 1, 1)
    assert take(database, row_id) is None
    assert database.read(due) == []
    assert database.write(lambda conn: mark_done(conn, held))
    kept = row(database, row_id)
    assert (kept["state"], kept["claim"], kept["failure"]) == ("done", None, None)
    assert kept["finished_at_utc"] is not None
    assert take(database, row_id) is None


def test_of_many_workers_one_gets_the_row(database: Database) -> None:
    row_ids = put(database, 5)
    workers = 6
    together = Barrier(workers)

    def work(_: int) -> list[int]:
        together.wait(timeout=20)
        return [row_id for row_id in row_ids if take(database, row_id) is not None]

    with ThreadPoolExecutor(workers) as pool:
        taken = [row_id for got in pool.map(work, range(workers)) for row_id in got]
    assert sorted(taken) == row_ids
    assert all(row(database, row_id)["attempts"] == 1 for row_id in row_ids)


def test_row_of_a_dead_worker_falls_due_again_and_its_late_report_counts_nothing(
    database: Database,
) -> None:
    (row_id,) = put(database)
    dead = take(database, row_id)
    assert dead is not None
    later = utc_now() + TERM + dt.timedelta(seconds=1)
    assert database.read(lambda conn: due(conn, now=later)) == [row_id]
    second = take(database, row_id, now=later)
    assert second is not None
    assert second.attempt == 2
    assert not database.write(lambda conn: mark_done(conn, dead))
    assert not database.write(lambda conn: mark_failed(conn, dead, "too late"))
    assert row(database, row_id)["state"] == "claimed"
    assert database.write(lambda conn: mark_done(conn, second))


def test_failed_event_waits_longer_each_time_and_is_given_up_in_the_end(
    sqlite_database: Database,
) -> None:
    (row_id,) = put(sqlite_database)
    now = utc_now()
    for attempt in range(1, MOST_ATTEMPTS + 1):
        held = take(sqlite_database, row_id, now=now)
        assert held is not None
        assert held.attempt == attempt
        sqlite_database.write(
            lambda conn, held=held, now=now: mark_failed(conn, held, "no route to host", now=now)
        )
        assert take(sqlite_database, row_id, now=now) is None
        now += pause_after(attempt)
    kept = row(sqlite_database, row_id)
    assert (kept["state"], kept["failure"]) == ("failed", "no route to host")
    assert sqlite_database.read(lambda conn: due(conn, now=now + dt.timedelta(days=9))) == []


def test_pauses_double_up_to_six_hours() -> None:
    minutes = [pause_after(attempt) // dt.timedelta(minutes=1) for attempt in range(1, 12)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    assert pause_after(MOST_ATTEMPTS) == LONGEST_PAUSE


def test_longest_due_comes_first(sqlite_database: Database) -> None:
    first, second, third = put(sqlite_database, 3)
    long_ago = utc_now() - dt.timedelta(days=1)
    sqlite_database.write(
        lambda conn: conn.execute(
            outbox.update().where(outbox.c.id == third).values(due_at_utc=long_ago)
        )
    )
    assert sqlite_database.read(due) == [third, first, second]
    assert sqlite_database.read(lambda conn: due(conn, limit=1)) == [third]
