# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements that go to the driver directly."""

import datetime as dt
import signal
from collections.abc import Callable
from types import FrameType

import pytest
import sqlalchemy as sa

from camcops.db import rows
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.prepared import Prepared
from camcops.db.schema import outbox
from camcops.db.several_rows import MOST_TOGETHER


@pytest.mark.parametrize(
    ("backend", "sleep"),
    [("mariadb", "SELECT SLEEP(20)"), ("postgresql", "SELECT pg_sleep(20)")],
)
def test_a_connection_on_which_a_statement_was_cut_short_is_not_used_again(
    server_database: Callable[[str], Database], backend: str, sleep: str
) -> None:
    database = server_database(backend)

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit

    def cut_short(conn: sa.Connection) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        Prepared(sa.text(sleep)).run(conn)

    former = signal.signal(signal.SIGALRM, leave)
    try:
        with database.engine.connect() as conn:
            with pytest.raises(SystemExit), conn.begin():
                cut_short(conn)
            assert conn.invalidated
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert database.read(lambda conn: conn.scalar(sa.select(sa.literal(7)))) == 7


def events(count: int) -> list[dict[str, object]]:
    """Rows with whatever might be taken for part of a statement."""
    texts = ("50% of %s", "it's $1 (a) VALUES (?)", "Zoë :b")
    return [
        {
            "kind": "task_added",
            "table_name": texts[number % 3],
            "server_pk": number,
            "group_id": None,
        }
        for number in range(count)
    ]


def due(now: dt.datetime) -> dict[str, object]:
    """What the events have in common."""
    return {
        "device_id": 7,
        "state": "waiting",
        "attempts": 0,
        "created_at_utc": now,
        "due_at_utc": now,
    }


@pytest.mark.parametrize("count", [1, 2, MOST_TOGETHER, MOST_TOGETHER + 1, 2 * MOST_TOGETHER + 1])
def test_many_rows_arrive_as_they_are(database: Database, count: int) -> None:
    now = utc_now()
    common = due(now)
    columns = outbox.c
    database.write(lambda conn: rows.insert(conn, outbox, events(count), common))
    wanted = sa.select(columns.server_pk, columns.table_name, columns.group_id, columns.due_at_utc)
    found = database.read(lambda conn: conn.execute(wanted.order_by(columns.server_pk)).all())
    moment = now.replace(tzinfo=None, microsecond=0)
    assert [(pk, text, group) for pk, text, group, _ in found] == [
        (event["server_pk"], event["table_name"], None) for event in events(count)
    ]
    assert {one.replace(microsecond=0) for *_, one in found} == {moment}


def test_a_few_rows_say_their_keys_and_more_do_not(database: Database) -> None:
    common = due(utc_now())

    def insert(conn: sa.Connection, count: int) -> list[object] | None:
        found = rows.insert_returning(conn, outbox, events(count), common, ("server_pk", "id"))
        return None if found is None else [tuple(row) for row in found]

    def stored(conn: sa.Connection) -> list[object]:
        return [tuple(row) for row in conn.execute(sa.select(outbox.c.server_pk, outbox.c.id))]

    assert database.write(lambda conn: insert(conn, MOST_TOGETHER + 1)) is None
    assert database.read(stored) == []
    told = database.write(lambda conn: insert(conn, 3))
    assert told is not None
    assert sorted(told) == sorted(database.read(stored))
    assert len(told) == 3
