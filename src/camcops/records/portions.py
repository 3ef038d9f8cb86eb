# SPDX-License-Identifier: GPL-3.0-or-later
"""Current tasks of one instrument, read in portions with all that judging them needs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.prepared import Prepared, prepared
from camcops.db.schema import patient, task_scores
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
    after = 0
    while (last := end_of_portion(conn, table, after)) is not None:
        yield read_portion(conn, database, table, after, last)
        after = last


def end_of_portion(
    conn: sa.Connection, table: ClientTable, after: int, *, outdated: bool = False
) -> int | None:
    """The last server key of the next portion of current tasks; None if there are no more.

    `outdated`: of those without today's score, whatever lies between them.
    """
    columns = table.table.c

    def build() -> Prepared:
        some = sa.select(columns._pk).where(
            columns._pk > sa.bindparam("after"), wanted(table, outdated=outdated)
        )
        ordered = some.order_by(columns._pk).limit(sa.bindparam("most")).subquery()
        return Prepared(sa.select(sa.func.max(ordered.c._pk)))

    bounds = {"after": after, "most": PORTION}
    [[last]] = prepared(table.table, ("end of portion", outdated), build).rows(conn, bounds)
    found: int | None = last
    return found


def read_portion(
    conn: sa.Connection,
    database: Database,
    table: ClientTable,
    after: int,
    last: int,
    *,
    outdated: bool = False,
) -> Portion:
    """The current tasks with server keys above `after`, up to `last`; `outdated`: without today's score."""
    columns, bounds = table.table.c, {"after": after, "last": last}
    chosen = sa.and_(
        columns._pk > sa.bindparam("after"),
        columns._pk <= sa.bindparam("last"),
        wanted(table, outdated=outdated),
    )
    query = prepared(
        table.table,
        ("portion", outdated),
        lambda: Prepared(sa.select(table.table).where(chosen).order_by(columns._pk)),
    )
    rows = query.mappings(conn, bounds)
    if not rows:
        return Portion((), {}, {})
    ranged = _Chosen(conn, table, chosen, outdated, bounds)
    return Portion(rows, ranged.patients(), ranged.children(database))


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


def wanted(table: ClientTable, *, outdated: bool) -> sa.ColumnElement[bool]:
    """Whether a task's row is current and, for `outdated`, without today's score."""
    columns, scores = table.table.c, task_scores.c
    if not outdated:
        return columns._current
    assert table.instrument is not None
    # Looked up row by row, by its key. For NOT EXISTS databases would gather all scores that are in order,
    # for each portion anew.
    rules = sa.select(scores.rules_hash).where(
        scores.task_table_name == table.name, scores.task_pk == columns._pk
    )
    stored = sa.func.coalesce(rules.scalar_subquery(), "")
    return sa.and_(columns._current, stored != table.instrument.rules_hash)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Chosen tasks, with which others are read."""

    conn: sa.Connection
    table: ClientTable
    tasks: sa.ColumnElement[bool]
    outdated: bool
    bounds: Mapping[str, int]

    def patients(self) -> dict[int, RowValues]:
        """By the task's `_pk`."""
        task, person = self.table.table.c, patient.c
        if "patient_id" not in task:
            return {}

        def build() -> Prepared:
            same = sa.and_(_same_object(task, person), person.id == task.patient_id)
            wanted = sa.select(
                task._pk.label("task_pk"), person._pk.label("_pk"), person.sex, person.dob
            )
            joined = self.table.table.join(patient, same)
            return Prepared(wanted.select_from(joined).where(self.tasks))

        query = prepared(self.table.table, ("patients of portion", self.outdated), build)
        return {row["task_pk"]: row for row in query.mappings(self.conn, self.bounds)}

    def children(self, database: Database) -> dict[str, dict[int, list[RowValues]]]:
        """By child table, by the task's `_pk`."""
        assert self.table.instrument is not None
        found: dict[str, dict[int, list[RowValues]]] = {}
        task = self.table.table.c
        for name, child in self.table.instrument.tables.items():
            rows = database.tables[name].table

            def build(rows: sa.Table = rows, link: str = child.link) -> Prepared:
                same = sa.and_(_same_object(task, rows.c), rows.c[link] == task.id)
                wanted = sa.select(rows, task._pk.label("task_pk"))
                joined = self.table.table.join(rows, same)
                return Prepared(wanted.select_from(joined).where(self.tasks))

            query = prepared(rows, ("children of portion", self.outdated), build)
            by_task: dict[int, list[RowValues]] = defaultdict(list)
            for row in query.mappings(self.conn, self.bounds):
                by_task[row["task_pk"]].append(row)
            found[name] = by_task
        return found


def _same_object(task: Any, other: Any) -> sa.ColumnElement[bool]:
    return sa.and_(other._device_id == task._device_id, other._era == task._era, other._current)
