# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the rows of a device that its tablet can still change (era NOW), each table with one statement."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.prepared import prepared
from camcops.records.changes import Owner, owner_columns, owner_of
from camcops.records.lifecycle import KEY, MOVE_OFF, NOW, WHEN_MODIFIED

RowValues: TypeAlias = Mapping[str, Any]

# Beyond this many keys, all current rows are read and the others left aside: always one statement.
_MOST_KEYS = 500


@dataclass(frozen=True, slots=True)
class NowRow:
    """The life-cycle of one row in era NOW, current or not; never its content."""

    pk: int
    key: int
    current: bool
    when_modified: str | None
    predecessor: int | None
    move_off: bool
    addition_pending: bool
    removal_pending: bool
    owner: Owner | None


def now_rows(conn: sa.Connection, table: ClientTable, device_id: int) -> list[NowRow]:
    """All rows of a device in era NOW, current or not, pending ones too."""
    query = prepared(table.table, "life-cycles in era NOW", lambda: _life_cycles(table))
    rows = conn.execute(query, {"device": device_id})
    return [
        NowRow(
            pk,
            key,
            bool(current),
            modified,
            predecessor,
            bool(move_off),
            bool(adding),
            bool(removing),
            owner_of(table, key, tuple(owner)),
        )
        for pk, key, current, modified, predecessor, move_off, adding, removing, *owner in rows
    ]


def _life_cycles(table: ClientTable) -> sa.Select[Any]:
    columns = table.table.c
    return sa.select(
        columns._pk,
        columns[KEY],
        columns._current,
        columns[WHEN_MODIFIED],
        columns._predecessor_pk,
        columns[MOVE_OFF],
        columns._addition_pending,
        columns._removal_pending,
        *(columns[name] for name in owner_columns(table)),
    ).where(columns._device_id == sa.bindparam("device"), columns._era == NOW)


class LiveRows:
    """The current rows of a device in era NOW. Each table is read at most once; BLOBs' contents never.

    `tables` names those in which the device has rows at all; the others are known to be empty.
    """

    def __init__(
        self, conn: sa.Connection, database: Database, device_id: int, tables: Collection[str]
    ) -> None:
        self._conn = conn
        self._database = database
        self._device_id = device_id
        self._tables = tables
        self._read: dict[str, list[RowValues]] = {}

    def of(self, name: str) -> list[RowValues]:
        """All current rows of a table."""
        if name not in self._read:
            table = self._database.tables[name]
            self._read[name] = self._select(table) if name in self._tables else []
        return self._read[name]

    def by_key(self, name: str) -> dict[int, RowValues]:
        """All current rows of a table, by the tablet's key."""
        return {row[KEY]: row for row in self.of(name)}

    def some(
        self, table: ClientTable, keys: Collection[int], pks: Collection[int] = ()
    ) -> list[RowValues]:
        """Those current rows of a table that have one of these keys or server keys."""
        if not keys and not pks:
            return []
        if len(keys) + len(pks) <= _MOST_KEYS:
            return self._select(table, keys=sorted(keys), pks=sorted(pks))
        rows = self._select(table)
        return [row for row in rows if row[KEY] in keys or row["_pk"] in pks]

    def _select(self, table: ClientTable, **chosen: list[int]) -> list[RowValues]:
        """All current rows, or those with some `keys` or `pks`."""
        some = bool(chosen)
        query = prepared(table.table, ("live rows", some), lambda: _live(table.table, some=some))
        rows = self._conn.execute(query, {"device": self._device_id, **chosen})
        return [dict(row) for row in rows.mappings()]


def _live(table: sa.Table, *, some: bool) -> sa.Select[Any]:
    columns = table.c
    wanted = [column for column in columns if not isinstance(column.type, sa.LargeBinary)]
    query = sa.select(*wanted).where(
        columns._device_id == sa.bindparam("device"), columns._era == NOW, columns._current
    )
    if not some:
        return query
    return query.where(
        sa.or_(
            columns[KEY].in_(sa.bindparam("keys", expanding=True)),
            columns._pk.in_(sa.bindparam("pks", expanding=True)),
        )
    )
