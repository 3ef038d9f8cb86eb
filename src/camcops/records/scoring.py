# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging stored tasks, and keeping the results (`_task_scores`) so that lists need not judge again."""

import logging
import traceback
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from camcops.db import rows as stored
from camcops.db.client_tables import ClientTable
from camcops.db.schema import task_scores
from camcops.instruments.evaluate import PatientFacts, Record, Results, evaluate
from camcops.instruments.model import Instrument
from camcops.records.changes import TableChange
from camcops.records.lifecycle import KEY, parse_instant
from camcops.records.live_rows import LiveRows, RowValues

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """A stored task with its results; None if they could not be computed."""

    table: ClientTable
    row: RowValues
    results: Results | None

    @property
    def is_complete(self) -> bool:
        return self.results is not None and self.results.is_complete


def record_of(
    instrument: Instrument,
    row: RowValues,
    child_rows: Mapping[str, Sequence[RowValues]],
    patient: RowValues | None,
) -> Record:
    """What the instrument's rules work on, from a task's stored row, its child rows and its patient's row.

    `child_rows`: by child table, those of this task, in any order.
    """
    created = row["when_created"]
    return Record(
        fields=row,
        rows={name: child_rows.get(name, ()) for name in instrument.tables},
        patient=PatientFacts(sex=patient["sex"], dob=patient["dob"]) if patient else None,
        created=parse_instant(created) if created else None,
    )


def judge(
    table: ClientTable,
    row: RowValues,
    child_rows: Mapping[str, Sequence[RowValues]],
    patient: RowValues | None,
) -> Judged:
    """Judge one task. Whatever goes wrong in its instrument, the task itself must not be lost for it."""
    assert table.instrument is not None
    try:
        results = evaluate(table.instrument, record_of(table.instrument, row, child_rows, patient))
    except Exception as error:
        # Not the error's own text: it may quote answers.
        frames = "".join(traceback.format_tb(error.__traceback__))
        name = type(error).__name__
        log.error("No score: task %s, server key %s: %s\n%s", table.name, row["_pk"], name, frames)
        return Judged(table, row, None)
    return Judged(table, row, results)


def judge_all(table: ClientTable, rows: Iterable[RowValues], live: LiveRows) -> list[Judged]:
    """Judge current tasks of one device and one instrument."""
    rows = list(rows)
    if not rows:
        return []
    assert table.instrument is not None
    children: dict[str, dict[int, list[RowValues]]] = {}
    for name, child in table.instrument.tables.items():
        by_task: dict[int, list[RowValues]] = defaultdict(list)
        for values in live.of(name):
            by_task[values[child.link]].append(values)
        children[name] = by_task
    patients = {} if table.instrument.is_anonymous else live.by_key("patient")
    return [
        judge(
            table,
            row,
            {name: by_task.get(row[KEY], ()) for name, by_task in children.items()},
            patients.get(row.get("patient_id", 0)),
        )
        for row in rows
    ]


def affected_tasks(
    tables: Mapping[str, ClientTable], changes: Iterable[TableChange], live: LiveRows
) -> dict[str, set[int]]:
    """Tasks whose child rows or BLOBs changed: `id` by task table. They must be judged again."""
    affected: dict[str, set[int]] = defaultdict(set)
    for change in changes:
        for owner_table, key in change.owners:
            table = tables.get(owner_table)
            if table is None:
                continue
            if table.kind == "task":
                affected[owner_table].add(key)
            elif table.child is not None and table.instrument is not None:
                row = live.by_key(owner_table).get(key)
                if row is not None:
                    affected[table.instrument.table].add(row[table.child.link])
    return dict(affected)


def store(
    conn: sa.Connection, judged: Sequence[Judged], outdated: Mapping[str, Collection[int]]
) -> None:
    """Keep results; forget those of `outdated` rows (`_pk` by task table), which may be the same ones."""
    for table, pks in sorted(outdated.items()):
        stored.delete(conn, task_scores, "task_pk", pks, task_table_name=table)
    stored.insert(conn, task_scores, [row for one in judged if (row := _stored(one)) is not None])


def _stored(judged: Judged) -> dict[str, object] | None:
    results, instrument = judged.results, judged.table.instrument
    if results is None or instrument is None:
        return None
    return {
        "task_table_name": judged.table.name,
        "task_pk": judged.row["_pk"],
        "rules_hash": instrument.rules_hash,
        "is_complete": results.is_complete,
        "is_valid": results.valid,
        "has_alert": bool(results.alerts),
        "results": results.to_json(),
    }
