# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of child rows, patient, ID numbers and BLOBs go with which version of a task.

Tablets' tables refer to each other by the tablet's own keys within one device and era, so a
reference leads to all versions of an object. With a current task go the current ones. With a task
that was replaced or deleted go those that stood when its last upload had come in: added before the
batch that removed it, and removed in that batch or later, or never.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa

from camcops.records.lifecycle import KEY

RowValues: TypeAlias = Mapping[str, Any]


def companions(
    table: sa.Table, task: RowValues, *condition: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    """The query for rows that may go with a task: all columns but large binary ones.

    Rows of an upload that is not finished are never among them. `going_with` then chooses the
    versions.
    """
    columns = table.c
    query = sa.select(
        *(column for column in columns if not isinstance(column.type, sa.LargeBinary))
    ).where(
        columns._device_id == task["_device_id"],
        columns._era == task["_era"],
        sa.not_(columns._addition_pending),
        *condition,
    )
    return query.where(columns._current) if task["_current"] else query


def fetch(conn: sa.Connection, query: sa.Executable) -> list[RowValues]:
    """The rows of a query, as values by column."""
    return [dict(row) for row in conn.execute(query).mappings()]


def going_with(task: RowValues, rows: Iterable[RowValues]) -> list[RowValues]:
    """Those among rows from `companions` that go with this version of the task, by the tablet's key.

    If it is not known when the task ceased to be current, the newest version of each object is
    taken.
    """
    removed = task["_when_removed_batch_utc"]
    if task["_current"]:
        chosen = list(rows)
    elif removed is None:
        chosen = newest(rows)
    else:
        chosen = [row for row in rows if _stood_at(row, removed)]
    return sorted(chosen, key=lambda row: row[KEY])


def newest(rows: Iterable[RowValues]) -> list[RowValues]:
    """The newest version of each object."""
    return list({row[KEY]: row for row in sorted(rows, key=lambda row: row["_pk"])}.values())


def _stood_at(row: RowValues, removed: dt.datetime) -> bool:
    added, ended = row["_when_added_batch_utc"], row["_when_removed_batch_utc"]
    return (added is None or added < removed) and (ended is None or ended >= removed)
