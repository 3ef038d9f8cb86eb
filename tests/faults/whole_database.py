# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold of the whole database after any fault, whatever was or was not acknowledged."""

import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import devices, dirty_tables, outbox, task_scores
from camcops.records import index_check

TABLES = ("patient", "patient_idnum", "phq9", "gad7", "blobs")


def check(database: Database) -> None:
    """Indexes, scores, events and links between versions agree with the records; nothing hangs about."""

    def look(conn: sa.Connection) -> None:
        assert list(index_check.faults(conn, database)) == []
        for name in TABLES:
            _check_life_cycles(conn, database.tables[name].table)
        _check_scores_and_events(conn, database.tables["phq9"].table)

    database.read(look)


def _check_life_cycles(conn: sa.Connection, table: sa.Table) -> None:
    row, other = table.c, table.alias().c
    current_twice = (
        sa.select(row._device_id, row._era, row.id)
        .where(row._current)
        .group_by(row._device_id, row._era, row.id)
        .having(sa.func.count() > 1)
    )
    being_uploaded = sa.select(dirty_tables.c.device_id).where(
        dirty_tables.c.tablename == table.name,
        dirty_tables.c.device_id == devices.c.id,
        devices.c.ongoing_upload_batch_utc.is_not(None),
    )
    waiting = sa.or_(row._addition_pending, row._removal_pending)
    abandoned = sa.select(row._pk).where(waiting, row._device_id.not_in(being_uploaded))
    visible_before_its_time = sa.select(row._pk).where(row._addition_pending, row._current)
    removed = row._when_removed_exact.is_not(None)
    half_removed = sa.select(row._pk).where(
        row._addition_pending.is_not(True), removed == sa.func.coalesce(row._current, sa.false())
    )
    broken_chain = sa.select(row._pk).where(
        row._successor_pk.is_not(None),
        ~sa.exists().where(other._pk == row._successor_pk, other._predecessor_pk == row._pk),
    )
    for wrong in (current_twice, abandoned, visible_before_its_time, half_removed, broken_chain):
        assert conn.execute(wrong).all() == [], f"{table.name}: {wrong}"


def _check_scores_and_events(conn: sa.Connection, task: sa.Table) -> None:
    current = set(conn.scalars(sa.select(task.c._pk).where(task.c._current)))
    kept = set(conn.scalars(sa.select(task.c._pk).where(task.c._addition_pending.is_not(True))))
    scored = conn.scalars(
        sa.select(task_scores.c.task_pk).where(task_scores.c.task_table_name == task.name)
    ).all()
    assert sorted(scored) == sorted(current)
    announced = conn.scalars(
        sa.select(outbox.c.server_pk).where(
            outbox.c.table_name == task.name, outbox.c.kind == "task_added"
        )
    ).all()
    assert sorted(announced) == sorted(kept)


def versions(database: Database, device: str) -> int:
    """How many rows of PHQ-9 a device has, current ones and earlier ones, none that waits."""
    phq9 = database.tables["phq9"].table
    count = (
        sa.select(sa.func.count())
        .select_from(phq9.join(devices, devices.c.id == phq9.c._device_id))
        .where(devices.c.name == device, phq9.c._addition_pending.is_not(True))
    )
    found: int = database.read(lambda conn: conn.execute(count).scalar_one())
    return found
