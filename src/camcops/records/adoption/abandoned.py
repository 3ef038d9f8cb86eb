# SPDX-License-Identifier: GPL-3.0-or-later
"""What failed or abandoned uploads left in tables that they did not mark as dirty.

A rollback visits dirty tables only, so it would never reach these rows; a later upload would take
them for its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from camcops.db.schema import devices, dirty_tables
from camcops.records.adoption.repair import Repair, RepairKind, alter
from camcops.records.lifecycle import MOVE_OFF, NOW


@dataclass(frozen=True, slots=True)
class NowCount:
    """Of one device in one table, in era NOW: rows pending, marked for finalizing, and superseded or
    deleted ones.
    """

    pending: int
    marked: int
    old: int


def count(conn: sa.Connection, table: sa.Table) -> dict[int, NowCount]:
    """By device; one statement."""
    columns = table.c
    pending = sa.or_(columns._addition_pending, columns._removal_pending)
    old = sa.and_(sa.not_(columns._current), sa.not_(columns._addition_pending))
    sums = (_number_where(condition) for condition in (pending, columns[MOVE_OFF], old))
    rows = conn.execute(
        sa.select(columns._device_id, *sums)
        .where(columns._era == NOW)
        .group_by(columns._device_id)
        .order_by(columns._device_id)
    )
    return {device: NowCount(*map(int, numbers)) for device, *numbers in rows}


def _number_where(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


class Uploads:
    """Which devices have an upload open, and which of their tables a rollback would visit."""

    def __init__(self, conn: sa.Connection) -> None:
        self._conn = conn
        ongoing = sa.select(devices.c.id).where(devices.c.ongoing_upload_batch_utc.is_not(None))
        self._ongoing = frozenset(conn.scalars(ongoing))
        dirty = conn.execute(sa.select(dirty_tables.c.device_id, dirty_tables.c.tablename))
        self._dirty = {(row.device_id, row.tablename) for row in dirty}

    def mend(self, table: sa.Table, found: Mapping[int, NowCount]) -> list[Repair]:
        """Put right what lies in a table that is not marked as dirty for its device."""
        repairs: list[Repair] = []
        for device, now in found.items():
            if (device, table.name) in self._dirty:
                continue
            if now.pending:
                kind, rows = RepairKind.ABANDONED_UPLOAD, now.pending
            elif now.marked and device in self._ongoing:
                # Its tablet may still finish: then these rows must be finalized, as it believes.
                kind, rows = RepairKind.MARK_IN_UPLOAD, now.marked
            else:
                if now.marked:
                    repairs += self._unmark(table, device)
                continue
            self._mark_dirty(device, table.name)
            repairs.append(Repair(kind, table.name, device, None, f"{rows} rows; marked as dirty"))
        return repairs

    def _mark_dirty(self, device: int, name: str) -> None:
        self._dirty.add((device, name))
        self._conn.execute(dirty_tables.insert().values(device_id=device, tablename=name))

    def _unmark(self, table: sa.Table, device: int) -> list[Repair]:
        columns = table.c
        pks = self._conn.scalars(
            sa.select(columns._pk)
            .where(columns._device_id == device, columns._era == NOW, columns[MOVE_OFF])
            .order_by(columns._pk)
        ).all()
        alter(self._conn, table, ({"_pk": pk, MOVE_OFF: False} for pk in pks), (MOVE_OFF,))
        return [
            Repair(RepairKind.STALE_MARK, table.name, device, pk, f"{MOVE_OFF} cleared")
            for pk in pks
        ]
