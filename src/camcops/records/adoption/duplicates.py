# SPDX-License-Identifier: GPL-3.0-or-later
"""Two current rows of one key of a device in one era.

In a closed era they may be different records: see `colliding_eras`. Otherwise they are versions of
one record: the newest stays, the older are superseded in turn.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from camcops.records.adoption.colliding_eras import boundaries, part
from camcops.records.adoption.repair import Repair, RepairKind, alter

_OBJECT = ("_device_id", "_era", "id")
_SUPERSEDED = (
    "_current",
    "_removal_pending",
    "_successor_pk",
    "_predecessor_pk",
    "_when_removed_exact",
    "_when_removed_batch_utc",
    "_removing_user_id",
)


def mend(conn: sa.Connection, tables: Collection[sa.Table]) -> list[Repair]:
    """Leave one current row of each key in each era; the rows that were altered."""
    doubles = {table: list(_doubles(conn, table)) for table in tables}
    affected = [table for table, found in doubles.items() if found]
    collided = boundaries(versions for table in affected for versions in doubles[table])
    repairs = part(conn, tables, collided)
    for table in affected:
        repairs += _supersede(conn, table)
    return repairs


def _supersede(conn: sa.Connection, table: sa.Table) -> list[Repair]:
    """An older row is made as the upload would have left it that brought the next newer one."""
    superseded: list[dict[str, Any]] = []
    linked: list[dict[str, Any]] = []
    repairs: list[Repair] = []
    for versions in _doubles(conn, table):
        for older, newer in pairwise(versions):
            newer["_predecessor_pk"] = older["_pk"]
            superseded.append(
                older
                | {
                    "_current": False,
                    "_removal_pending": False,
                    "_successor_pk": newer["_pk"],
                    "_when_removed_exact": newer["_when_added_exact"],
                    "_when_removed_batch_utc": newer["_when_added_batch_utc"],
                    "_removing_user_id": newer["_adding_user_id"],
                }
            )
            repairs.append(_repair(table, older, f"superseded by {newer['_pk']}"))
        newest = versions[-1]
        linked.append(newest)
        repairs.append(_repair(table, newest, f"stays current; succeeds {versions[-2]['_pk']}"))
    alter(conn, table, superseded, _SUPERSEDED)
    alter(conn, table, linked, ("_predecessor_pk",))
    return repairs


def _doubles(conn: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    """The current rows of each object that has several, oldest first."""
    columns = table.c
    several = (
        sa.select(*(columns[name] for name in _OBJECT))
        .where(columns._current)
        .group_by(*(columns[name] for name in _OBJECT))
        .having(sa.func.count() > 1)
        .subquery()
    )
    same = sa.and_(*(columns[name] == several.c[name] for name in _OBJECT))
    rows: Iterable[dict[str, Any]] = [
        dict(row)
        for row in conn.execute(
            sa.select(
                *(columns[name] for name in _OBJECT),
                columns._pk,
                columns._predecessor_pk,
                columns._when_added_exact,
                columns._when_added_batch_utc,
                columns._adding_user_id,
            )
            .select_from(table.join(several, same))
            .where(columns._current)
            .order_by(*(columns[name] for name in _OBJECT), columns._pk)
        ).mappings()
    ]
    for _, versions in groupby(rows, key=itemgetter(*_OBJECT)):
        yield list(versions)


def _repair(table: sa.Table, row: dict[str, Any], details: str) -> Repair:
    return Repair(RepairKind.TWO_CURRENT, table.name, row["_device_id"], row["_pk"], details)
