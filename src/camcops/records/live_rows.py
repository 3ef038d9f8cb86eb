# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the rows of a device that its tablet can still change (era NOW), each table with one statement."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.prepared import Prepared, prepared
from camcops.db.rows import among, key_values, padded
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
    query = prepared(table.table, "life-cycles in era NOW", lambda: Prepared(_life_cycles(table)))
    rows = query.rows(conn, {"device": device_id})
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


def now_row(table: ClientTable, row: RowValues) -> NowRow:
    """The life-cycle of a row whose values are known."""
    owner = tuple(row[name] for name in owner_columns(table))
    return NowRow(
        row["_pk"],
        row[KEY],
        bool(row["_current"]),
        row[WHEN_MODIFIED],
        row["_predecessor_pk"],
        bool(row[MOVE_OFF]),
        bool(row["_addition_pending"]),
        bool(row["_removal_pending"]),
        owner_of(table, row[KEY], owner),
    )


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
    """The current rows of a device in era NOW. Each table is read at most once; BLOBs' contents never
    (an upload that brings some may `note` them).

    `tables` names those in which the device has rows at all; the others are known to be empty.
    """

    def __init__(
        self, conn: sa.Connection, database: Database, device_id: int, tables: Collection[str]
    ) -> None:
        self._conn = conn
        self._database = database
        self._device_id = device_id
        self._tables = tables
        self._known: dict[str, Sequence[RowValues]] = {}

    def of(self, name: str) -> Sequence[RowValues]:
        """All current rows of a table."""
        if name not in self._known:
            table = self._database.tables[name]
            self._known[name] = self.read(table) if name in self._tables else []
        return self._known[name]

    def note(self, name: str, rows: Sequence[RowValues]) -> None:
        """From now on, these are the current rows of a table."""
        self._known[name] = rows

    def by_key(self, name: str) -> dict[int, RowValues]:
        """All current rows of a table, by the tablet's key."""
        return {row[KEY]: row for row in self.of(name)}

    def read(self, table: ClientTable, *, earlier: bool = False) -> list[dict[str, Any]]:
        """The current rows of a table as they stand in the database; with `earlier`, all in era NOW."""
        query = prepared(
            table.table,
            ("live rows", earlier),
            lambda: Prepared(_live(table.table, earlier=earlier)),
        )
        return query.mappings(self._conn, {"device": self._device_id})

    def some(
        self, table: ClientTable, keys: Collection[int], pks: Collection[int] = ()
    ) -> list[dict[str, Any]]:
        """Those current rows of a table that have one of these keys or server keys."""
        if not keys and not pks:
            return []
        if len(keys) + len(pks) > _MOST_KEYS:
            return [row for row in self.read(table) if row[KEY] in keys or row["_pk"] in pks]
        wanted, also = padded(keys), padded(pks)

        def build() -> Prepared:
            columns = table.table.c
            chosen = [among(columns[KEY], len(wanted))] if wanted else []
            chosen += [among(columns._pk, len(also), "pk")] if also else []
            return Prepared(_live(table.table).where(sa.or_(*chosen)))

        query = prepared(table.table, ("some live rows", len(wanted), len(also)), build)
        values = {"device": self._device_id, **key_values(wanted), **key_values(also, "pk")}
        return query.mappings(self._conn, values)


def _live(table: sa.Table, *, earlier: bool = False) -> sa.Select[Any]:
    columns = table.c
    wanted = [column for column in columns if not isinstance(column.type, sa.LargeBinary)]
    query = sa.select(*wanted).where(
        columns._device_id == sa.bindparam("device"), columns._era == NOW
    )
    return query if earlier else query.where(columns._current)
