# SPDX-License-Identifier: GPL-3.0-or-later
"""Making the indexes and stored scores anew from the records themselves.

All of it is derived data, so this loses nothing. Tasks are read in portions, so that memory stays bounded.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import devices, patient, task_index, task_scores
from camcops.records import idnum_index, live_tables, scoring
from camcops.records import task_index as indexing
from camcops.records.live_rows import RowValues
from camcops.records.scoring import Judged, judge

_PORTION = 1000

Progress = Callable[[str, int], None]
"""Told the name of each task table done and the number of its tasks."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Some current tasks of one table, with their patients and child rows."""

    rows: Sequence[RowValues]
    patients: Mapping[int, RowValues]
    """By the task's `_pk`."""
    children: Mapping[str, Mapping[int, Sequence[RowValues]]]
    """By child table, by the task's `_pk`."""


def rebuild(database: Database, conn: sa.Connection, progress: Progress) -> int:
    """Rebuild everything in the caller's transaction; the number of tasks indexed."""
    # No upload may come between reading and writing.
    conn.execute(sa.select(devices.c.id).with_for_update()).all()
    now = utc_now()
    live_tables.rebuild(conn, database)
    idnum_index.rebuild(conn, now=now)
    conn.execute(task_index.delete())
    conn.execute(task_scores.delete())
    total = 0
    for table in database.tables.values():
        if table.kind == "task":
            count = _index_table(conn, database, table, now)
            progress(table.name, count)
            total += count
    return total


def portions(conn: sa.Connection, database: Database, table: ClientTable) -> Iterator[Portion]:
    """All current tasks of a table, in the order of their server keys."""
    columns = table.table.c
    last = 0
    while True:
        query = (
            sa.select(table.table)
            .where(columns._current, columns._pk > last)
            .order_by(columns._pk)
            .limit(_PORTION)
        )
        rows: list[RowValues] = [dict(row) for row in conn.execute(query).mappings()]
        if not rows:
            return
        first, last = rows[0]["_pk"], rows[-1]["_pk"]
        chosen = sa.and_(columns._current, columns._pk.between(first, last))
        yield Portion(
            rows, _patients(conn, table, chosen), _children(conn, database, table, chosen)
        )


def judge_portion(table: ClientTable, portion: Portion) -> list[Judged]:
    """Judge the tasks of a portion."""
    return [
        judge(
            table,
            row,
            {name: by_task.get(row["_pk"], ()) for name, by_task in portion.children.items()},
            portion.patients.get(row["_pk"]),
        )
        for row in portion.rows
    ]


def _index_table(
    conn: sa.Connection, database: Database, table: ClientTable, now: dt.datetime
) -> int:
    count = 0
    for portion in portions(conn, database, table):
        judged = judge_portion(table, portion)
        scoring.store(conn, judged, {})
        indexing.insert(
            conn,
            (
                indexing.entry_values(one, _patient_pk(portion, one), now, era=one.row["_era"])
                for one in judged
            ),
        )
        count += len(judged)
    return count


def _patient_pk(portion: Portion, judged: Judged) -> int | None:
    person = portion.patients.get(judged.row["_pk"])
    return None if person is None else person["_pk"]


def _same_object(task: Any, other: Any) -> sa.ColumnElement[bool]:
    return sa.and_(other._device_id == task._device_id, other._era == task._era, other._current)


def _patients(
    conn: sa.Connection, table: ClientTable, chosen: sa.ColumnElement[bool]
) -> dict[int, RowValues]:
    task, person = table.table.c, patient.c
    if "patient_id" not in task:
        return {}
    joined = table.table.join(
        patient, sa.and_(_same_object(task, person), person.id == task.patient_id)
    )
    query = sa.select(
        task._pk.label("task_pk"), person._pk.label("_pk"), person.sex, person.dob
    ).select_from(joined)
    rows = conn.execute(query.where(chosen)).mappings()
    return {row["task_pk"]: dict(row) for row in rows}


def _children(
    conn: sa.Connection, database: Database, table: ClientTable, chosen: sa.ColumnElement[bool]
) -> dict[str, dict[int, list[RowValues]]]:
    assert table.instrument is not None
    found: dict[str, dict[int, list[RowValues]]] = {}
    task = table.table.c
    for name, child in table.instrument.tables.items():
        rows = database.tables[name].table
        joined = table.table.join(
            rows, sa.and_(_same_object(task, rows.c), rows.c[child.link] == task.id)
        )
        query = sa.select(rows, task._pk.label("task_pk")).select_from(joined).where(chosen)
        by_task: dict[int, list[RowValues]] = defaultdict(list)
        for row in conn.execute(query).mappings():
            by_task[row["task_pk"]].append(dict(row))
        found[name] = by_task
    return found
