# SPDX-License-Identifier: GPL-3.0-or-later
"""Current tasks of one instrument, read in portions with all that judging them needs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.schema import patient
from camcops.records.live_rows import RowValues
from camcops.records.scoring import Judged, judge

PORTION = 1000
"""Tasks at once: memory stays bounded."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Some current tasks of one table, with their patients and child rows."""

    rows: Sequence[RowValues]
    patients: Mapping[int, RowValues]
    """By the task's `_pk`."""
    children: Mapping[str, Mapping[int, Sequence[RowValues]]]
    """By child table, by the task's `_pk`."""


def portions(conn: sa.Connection, database: Database, table: ClientTable) -> Iterator[Portion]:
    """All current tasks of a table, in the order of their server keys."""
    columns = table.table.c
    last = 0
    while True:
        query = (
            sa.select(table.table)
            .where(columns._current, columns._pk > last)
            .order_by(columns._pk)
            .limit(PORTION)
        )
        rows: list[RowValues] = [dict(row) for row in conn.execute(query).mappings()]
        if not rows:
            return
        first, last = rows[0]["_pk"], rows[-1]["_pk"]
        chosen = sa.and_(columns._current, columns._pk.between(first, last))
        yield Portion(
            rows, _patients(conn, table, chosen), _children(conn, database, table, chosen)
        )


def portion_of(
    conn: sa.Connection, database: Database, table: ClientTable, pks: Sequence[int]
) -> Portion:
    """Those of some tasks (a thousand or so) that are current."""
    columns = table.table.c
    chosen = sa.and_(columns._current, columns._pk.in_(pks))
    query = sa.select(table.table).where(chosen).order_by(columns._pk)
    rows: list[RowValues] = [dict(row) for row in conn.execute(query).mappings()]
    return Portion(rows, _patients(conn, table, chosen), _children(conn, database, table, chosen))


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
