# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the tasks that a patient is to do have been done."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.schema import idnum_index, task_index
from camcops.records.lifecycle import WHEN_MODIFIED, parse_instant
from camcops.schedules.assignments import DueItem

Slot: TypeAlias = tuple[str, dt.datetime, dt.datetime]


@dataclass(frozen=True, slots=True)
class Completion:
    """Has a task been done, and when was it last changed (with its zone) if it is complete?"""

    complete: bool = False
    when: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class _Done:
    table: str
    pk: int
    created: dt.datetime
    entry: int
    complete: bool


def slot(item: DueItem) -> Slot:
    """What tells two items apart, as far as completion goes."""
    return item.table, item.due_from, item.due_by


def completions(
    conn: sa.Connection,
    tables: Mapping[str, ClientTable],
    items: Collection[DueItem],
    idnums: Mapping[int, int],
    visible: Collection[int],
) -> dict[Slot, Completion]:
    """The state of each item (two statements).

    Of the tasks of its kind that were created while it was due, in groups that are visible, about a patient
    who shares any of the ID numbers, the one created last counts. Anonymous tasks are nobody's: never done.
    """
    wanted = [item for item in items if not item.anonymous]
    found = _done(conn, wanted, idnums, visible) if wanted and idnums and visible else []
    by_table: dict[str, list[_Done]] = {}
    for task in sorted(found, key=lambda task: (task.created, task.entry)):
        by_table.setdefault(task.table, []).append(task)
    last: dict[Slot, _Done] = {}
    for item in wanted:
        for task in by_table.get(item.table, ()):
            if item.due_from <= task.created < item.due_by:
                last[slot(item)] = task
    changed = _when_modified(conn, tables, [task for task in last.values() if task.complete])
    states = dict.fromkeys(map(slot, items), Completion())
    for place, task in last.items():
        states[place] = Completion(task.complete, changed.get((task.table, task.pk)))
    return states


def _done(
    conn: sa.Connection,
    items: Collection[DueItem],
    idnums: Mapping[int, int],
    visible: Collection[int],
) -> list[_Done]:
    """Tasks that may count for any of the items."""
    task, number = task_index.c, idnum_index.c
    shared = sa.or_(
        *(
            sa.and_(number.which_idnum == which, number.idnum_value == value)
            for which, value in idnums.items()
        )
    )
    first, last = (_utc(min(i.due_from for i in items)), _utc(max(i.due_by for i in items)))
    rows = conn.execute(
        sa.select(
            task.index_entry_pk,
            task.task_table_name,
            task.task_pk,
            task.when_created_iso,
            task.when_created_utc,
            task.task_is_complete,
        ).where(
            task.patient_pk.in_(sa.select(number.patient_pk).where(shared)),
            task.task_table_name.in_({item.table for item in items}),
            task.when_created_utc >= first.replace(microsecond=0),
            task.when_created_utc < last,
            task.group_id.in_(list(visible)),
        )
    )
    return [
        _Done(
            row.task_table_name,
            row.task_pk,
            _instant(row.when_created_iso) or row.when_created_utc.replace(tzinfo=dt.UTC),
            row.index_entry_pk,
            bool(row.task_is_complete),
        )
        for row in rows
    ]


def _when_modified(
    conn: sa.Connection, tables: Mapping[str, ClientTable], tasks: Iterable[_Done]
) -> dict[tuple[str, int], dt.datetime | None]:
    """When tasks were last changed, by table and server key: one statement for all tables."""
    pks: dict[str, set[int]] = {}
    for task in tasks:
        pks.setdefault(task.table, set()).add(task.pk)
    selects = [_modified_in(tables[name].table, name, sorted(keys)) for name, keys in pks.items()]
    if not selects:
        return {}
    rows = conn.execute(sa.union_all(*selects))
    return {(name, pk): _instant(modified) for name, pk, modified in rows}


def _modified_in(table: sa.Table, name: str, pks: list[int]) -> sa.Select[Any]:
    columns = table.c
    return sa.select(sa.literal(name), columns._pk, columns[WHEN_MODIFIED]).where(
        columns._pk.in_(pks)
    )


def _instant(text: str | None) -> dt.datetime | None:
    """A stored date-time; None if there is none, or an old database has what is none."""
    try:
        return parse_instant(text) if text else None
    except ValueError:
        return None


def _utc(instant: dt.datetime) -> dt.datetime:
    return instant.astimezone(dt.UTC).replace(tzinfo=None)
