# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody else holds the rows that an upload needs: for a while, for too long, or in a deadlock."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from camcops.db import database as units_of_work
from camcops.db import engine
from camcops.db.database import Database, connect
from camcops.db.engine import ANSWER_WITHIN_S, LOCK_WAIT_S
from camcops.db.schema import devices
from camcops.problems import DATABASE_BUSY, Problem
from tests.faults import whole_database
from tests.faults.devices import TASKS, Device, current_upload, registered
from tests.initial_states import make_tablet_state
from tests.running import running_server
from tests.scratch_databases import text_of

HELD_S = 1.0
DEADLOCKS = 3


def lock_device(conn: Connection) -> None:
    if conn.dialect.name != "sqlite":  # there, the whole file is locked already
        conn.execute(sa.select(devices.c.id).where(devices.c.name == "locked").with_for_update())


def lock_tasks(database: Database) -> Callable[[Connection], None]:
    """Locks the rows that the upload will replace, by changing nothing."""
    phq9 = database.tables["phq9"].table

    def lock(conn: Connection) -> None:
        conn.execute(phq9.update().where(phq9.c._current).values(q1=phq9.c.q1))

    return lock


@contextmanager
def held(database: Database, lock: Callable[[Connection], None]) -> Iterator[Connection]:
    """While this lasts, another transaction holds something."""
    with database.engine.connect() as conn, conn.begin():
        lock(conn)
        yield conn


@contextmanager
def uploading_once(device: Device) -> Iterator[threading.Thread]:
    """One upload in the background; it must have succeeded at the end."""
    failures: list[BaseException] = []

    def upload() -> None:
        try:
            device.upload_once()
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=upload)
    thread.start()
    yield thread
    thread.join()
    assert failures == []


@pytest.fixture
def locked_device(database: Database, tmp_path: Path) -> Iterator[Device]:
    """A device that has uploaded twice, in both forms."""
    make_tablet_state(database)
    with running_server(tmp_path, database.engine.url) as server:
        [device] = registered(server.address, "locked")
        device.upload_once()
        device.upload_once()
        yield device


def check(database: Database, device: Device) -> None:
    assert current_upload(database, "locked") == device.acknowledged
    assert whole_database.versions(database, "locked") == TASKS * device.acknowledged
    whole_database.check(database)


@pytest.mark.slow
def test_rows_held_for_a_while(database: Database, locked_device: Device) -> None:
    for lock in (lock_device, lock_tasks(database)) * 2:
        with ExitStack() as holding:
            holding.enter_context(held(database, lock))
            with uploading_once(locked_device) as upload:
                upload.join(HELD_S)
                assert upload.is_alive()
                holding.close()
    check(database, locked_device)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["mariadb", "postgresql"], indirect=True)
def test_deadlocks(database: Database, locked_device: Device) -> None:
    """The other transaction holds a task and then wants the device; the upload the other way round.

    SQLite has one lock, so it can't come to a deadlock there.
    """
    phq9 = database.tables["phq9"].table
    ours = 0
    for _ in range(DEADLOCKS):
        with ExitStack() as holding:
            conn = holding.enter_context(database.engine.connect())
            conn.execute(phq9.update().values(q2=phq9.c.q2))
            _make_heavy(conn, phq9)
            with uploading_once(locked_device):
                _wait_for_a_waiter(database)
                try:
                    lock_device(conn)
                except sa.exc.DBAPIError:
                    ours += 1
                holding.close()
    print(f"{DEADLOCKS} deadlocks, of which {ours} at the cost of the other transaction")
    assert ours < DEADLOCKS
    check(database, locked_device)


def _make_heavy(conn: Connection, phq9: sa.Table) -> None:
    """MariaDB ends the transaction that has changed less."""
    if conn.dialect.name == "mysql":
        for _ in range(200):
            conn.execute(phq9.update().values(q3=1 - sa.func.coalesce(phq9.c.q3, 0)))


def _wait_for_a_waiter(database: Database) -> None:
    """Until the upload waits for a lock."""
    waiting = {
        "mysql": "SELECT COUNT(*) FROM information_schema.innodb_lock_waits",
        "postgresql": "SELECT COUNT(*) FROM pg_locks WHERE NOT granted",
    }[database.engine.dialect.name]
    deadline = time.monotonic() + LOCK_WAIT_S
    while time.monotonic() < deadline:
        with database.engine.connect() as conn:
            if conn.exec_driver_sql(waiting).scalar_one():
                return
        time.sleep(0.2)  # MariaDB's answer is a copy, renewed when nobody has asked for 0.1 s
    raise AssertionError("the upload did not come to wait")


@pytest.mark.slow
def test_rows_held_for_too_long(
    database: Database, locked_device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit of work is given up in the end, with a reason, and has changed nothing."""
    monkeypatch.setattr(units_of_work, "PATIENCE_S", 0.5)
    monkeypatch.setattr(engine, "LOCK_WAIT_S", 1)
    impatient = connect(
        text_of(database.engine.url), database.library, answer_within_s=ANSWER_WITHIN_S
    )
    begun = time.monotonic()
    with held(database, lock_device), pytest.raises(Problem) as refused:
        impatient.write(lock_device)
    assert refused.value.kind is DATABASE_BUSY
    assert time.monotonic() - begun < 5
    impatient.engine.dispose()
    locked_device.upload_once()
    check(database, locked_device)
