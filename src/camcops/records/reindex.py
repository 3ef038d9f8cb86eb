# SPDX-License-Identifier: GPL-3.0-or-later
"""Making the indexes and stored scores anew from the records themselves.

All of it is derived data, so this loses nothing. Tasks are read in portions, so that memory stays bounded.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace

import sqlalchemy as sa

from camcops.db.catalogue import filled
from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import devices, task_index, task_scores
from camcops.records import idnum_index, live_tables, patient_index, scoring
from camcops.records import task_index as indexing
from camcops.records.portions import Portion, judge_portion, portions
from camcops.records.scoring import Judged

Progress = Callable[[str, int], None]
"""Told the name of each task table done and the number of its tasks; those without tasks are passed over."""

Stale = Callable[[Judged], None]
"""Told of each task whose completeness was indexed otherwise than it is judged now."""


def rebuild(
    database: Database, conn: sa.Connection, progress: Progress, stale: Stale | None = None
) -> int:
    """Rebuild everything in the caller's transaction; the number of tasks indexed."""
    # No upload may come between reading and writing.
    conn.execute(sa.select(devices.c.id).with_for_update()).all()
    now = utc_now()
    names = list(database.tables)
    present = filled(conn, names)
    tables = {name: database.tables[name] for name in names if name in present}
    live_tables.rebuild(conn, replace(database, tables=tables))
    idnum_index.rebuild(conn, now=now)
    patient_index.rebuild(conn)
    conn.execute(task_scores.delete())
    tasks = [table for table in tables.values() if table.kind == "task"]
    _remove_strangers(conn, [table.name for table in tasks])
    total = 0
    for table in tasks:
        count = _index_table(conn, database, table, now, stale)
        progress(table.name, count)
        total += count
    return total


def _remove_strangers(conn: sa.Connection, names: list[str]) -> None:
    """Remove entries of other tables than these, and of none."""
    entry = task_index.c
    is_known = sa.and_(entry.task_table_name.in_(names), entry.task_pk.is_not(None))
    conn.execute(task_index.delete().where(is_known.is_not(True)))


def _index_table(
    conn: sa.Connection,
    database: Database,
    table: ClientTable,
    now: dt.datetime,
    stale: Stale | None,
) -> int:
    entry = task_index.c
    of_table = entry.task_table_name == table.name
    count = 0
    last: int | None = None
    for portion in portions(conn, database, table):
        judged = judge_portion(table, portion)
        before = last
        last = portion.rows[-1]["_pk"]
        replaced = sa.and_(of_table, entry.task_pk <= last)
        if before is not None:
            replaced = sa.and_(replaced, entry.task_pk > before)
        if stale is not None:
            _compare(conn, replaced, judged, stale)
        conn.execute(task_index.delete().where(replaced))
        scoring.store(conn, judged, {})
        indexing.insert(
            conn,
            (
                indexing.entry_values(one, _patient_pk(portion, one), now, era=one.row["_era"])
                for one in judged
            ),
        )
        count += len(judged)
    beyond = of_table if last is None else sa.and_(of_table, entry.task_pk > last)
    conn.execute(task_index.delete().where(beyond))
    return count


def _compare(
    conn: sa.Connection,
    replaced: sa.ColumnElement[bool],
    judged: Iterable[Judged],
    stale: Stale,
) -> None:
    entries = sa.select(task_index.c.task_pk, task_index.c.task_is_complete).where(replaced)
    indexed = {pk: bool(complete) for pk, complete in conn.execute(entries)}
    for one in judged:
        if indexed.get(one.row["_pk"], one.is_complete) != one.is_complete:
            stale(one)


def _patient_pk(portion: Portion, judged: Judged) -> int | None:
    person = portion.patients.get(judged.row["_pk"])
    return None if person is None else person["_pk"]
