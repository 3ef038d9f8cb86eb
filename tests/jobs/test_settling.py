# SPDX-License-Identifier: GPL-3.0-or-later
"""Events that nobody wants are settled in bulk; those settled long ago are forgotten."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import outbox
from camcops.jobs.workers import settle
from camcops.operation.housekeeping import keep_house
from camcops.outbox import TaskEvent, announce, claim, due, forget_done, mark_done
from camcops.outbox.delivery import TERM
from camcops.outbox.events import DONE, FAILED, WAITING
from camcops.outbox.settling import KEPT_FOR, PORTION
from tests.operation.test_status import site_of
from tests.statements import count_statements

LONG_AGO = utc_now() - KEPT_FOR - dt.timedelta(hours=1)


def put(database: Database, count: int) -> None:
    events = [TaskEvent("task_added", "phq9", pk, 1, 1) for pk in range(1, count + 1)]
    database.write(lambda conn: announce(conn, events))


def states(database: Database) -> dict[str, int]:
    query = sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state)
    return dict(database.read(lambda conn: conn.execute(query).all()))


def change(database: Database, *, where: sa.ColumnElement[bool], **values: object) -> None:
    database.write(lambda conn: conn.execute(outbox.update().where(where).values(**values)))


def test_all_that_is_due_is_settled_with_few_statements(database: Database, tmp_path: Path) -> None:
    put(database, PORTION + 5)
    site = site_of(database, tmp_path)
    with count_statements(database) as seen:
        assert settle(site) == PORTION + 5
    assert states(database) == {DONE: PORTION + 5}
    assert len(seen) <= 5
    assert database.read(due) == []
    assert settle(site) == 0


def test_another_workers_event_is_left_to_it(database: Database, tmp_path: Path) -> None:
    put(database, 3)
    first, second, _ = database.read(due)
    held = database.write(lambda conn: claim(conn, first))
    dead = database.write(lambda conn: claim(conn, second, term=-TERM))
    assert held is not None
    assert dead is not None

    assert settle(site_of(database, tmp_path)) == 2  # the one whose worker died is anybody's

    assert database.write(lambda conn: mark_done(conn, held))
    assert not database.write(lambda conn: mark_done(conn, dead))
    assert states(database) == {DONE: 3}


def test_workers_share_the_events(database: Database, tmp_path: Path) -> None:
    put(database, 3 * PORTION)
    sites = [site_of(database, tmp_path) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(settle, sites))
    assert sum(counts) == 3 * PORTION  # none settled twice
    assert states(database) == {DONE: 3 * PORTION}


def test_housekeeping_forgets_what_was_done_long_ago(database: Database, tmp_path: Path) -> None:
    put(database, PORTION + 4)
    numbers = outbox.c.id
    ids = database.read(lambda conn: list(conn.scalars(sa.select(numbers).order_by(numbers))))
    old = {"due_at_utc": LONG_AGO, "finished_at_utc": LONG_AGO}
    change(database, where=sa.true(), state=DONE, **old)
    change(database, where=numbers == ids[0], finished_at_utc=utc_now())
    change(database, where=numbers == ids[1], state=FAILED)
    change(database, where=numbers == ids[2], state=WAITING, finished_at_utc=None)

    keep_house(site_of(database, tmp_path))

    assert states(database) == {DONE: 1, FAILED: 1, WAITING: 1}


def test_any_number_of_processes_may_keep_house_at_once(database: Database, tmp_path: Path) -> None:
    put(database, 2 * PORTION)
    change(database, where=sa.true(), state=DONE, due_at_utc=LONG_AGO, finished_at_utc=LONG_AGO)
    site = site_of(database, tmp_path)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: keep_house(site), range(4))) == 0
    assert states(database) == {}
    assert database.write(forget_done) == 0
