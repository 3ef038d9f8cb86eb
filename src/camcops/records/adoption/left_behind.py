# SPDX-License-Identifier: GPL-3.0-or-later
"""Old versions that stayed in era NOW when all records of their device were finalized.

CamCOPS 2.4 passes over a table in which only superseded or deleted rows remain. Left in NOW, they
would be taken for earlier versions of what the tablet next makes under the same key.
"""

import datetime as dt
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from camcops.records.adoption.repair import Repair, RepairKind, alter
from camcops.records.lifecycle import MOVE_OFF, NOW, utc_of

_ERA_COLUMNS = ("_era", "_preserving_user_id", MOVE_OFF)


@dataclass(frozen=True, slots=True)
class Era:
    """A closed era: its name, the instant it is named after, and who closed it."""

    instant: dt.datetime
    name: str
    preserving_user_id: int | None


@dataclass(frozen=True, slots=True)
class Life:
    """Rows of one device that came, went (None: did not) and were finalized (None: were not) together."""

    added: dt.datetime | None
    removed: dt.datetime | None
    era: Era | None

    @property
    def end(self) -> dt.datetime | None:
        """Until when the rows were current and in era NOW."""
        closed = None if self.era is None else self.era.instant
        return min((one for one in (self.removed, closed) if one is not None), default=None)


def mend(
    conn: sa.Connection,
    tables: Collection[sa.Table],
    old_rows: Mapping[str, Collection[int]],
) -> list[Repair]:
    """Move each such row into the era in which it should be.

    `old_rows`: devices that have old rows in era NOW, by table. A row belongs into the first era that
    took all that was current on its device, from the instant on at which the row was removed.
    """
    devices = sorted({device for found in old_rows.values() for device in found})
    if not devices:
        return []
    eras = _complete_eras(conn, tables, devices)
    repairs: list[Repair] = []
    for table in tables:
        some = [device for device in old_rows.get(table.name, ()) if eras.get(device)]
        if some:
            repairs += _mend_table(conn, table, some, eras)
    return repairs


def _complete_eras(
    conn: sa.Connection, tables: Iterable[sa.Table], devices: Collection[int]
) -> dict[int, list[Era]]:
    """The eras of each device, in order, that took everything that was current when they began."""
    lives: defaultdict[int, list[Life]] = defaultdict(list)
    for table in tables:
        for device, life in _lives(conn, table, devices):
            lives[device].append(life)
    return {device: complete(found) for device, found in lives.items()}


def _lives(
    conn: sa.Connection, table: sa.Table, devices: Collection[int]
) -> Iterable[tuple[int, Life]]:
    columns = table.c
    together = (
        columns._device_id,
        columns._era,
        columns._when_added_batch_utc,
        columns._when_removed_batch_utc,
    )
    query = (
        sa.select(*together, sa.func.max(columns._preserving_user_id))
        .where(columns._device_id.in_(devices))
        .group_by(*together)
    )
    for device, name, added, removed, user in conn.execute(query):
        yield device, Life(added, removed, _era(name, user))


def _era(name: str, user: int | None) -> Era | None:
    """None for NOW, and for a name that is no instant: no row can be shown to belong there."""
    try:
        return Era(utc_of(name), name, user)
    except ValueError:
        return None


def complete(lives: Iterable[Life]) -> list[Era]:
    """The eras of these rows of one device, oldest first, when none of the rows lived on."""
    lives = list(lives)
    named = {one.era.name: one.era for one in lives if one.era is not None}
    eras = sorted(named.values(), key=lambda era: era.instant)
    instants = [era.instant for era in eras]
    # Sums of these differences: how many lives each era interrupts without ending them.
    differences = [0] * (len(eras) + 1)
    for life in lives:
        if life.added is None:
            continue
        first = bisect_left(instants, life.added)
        after = len(eras) if life.end is None else bisect_left(instants, life.end)
        if first < after:
            differences[first] += 1
            differences[after] -= 1
    outlived = accumulate(differences)
    return [era for era, count in zip(eras, outlived, strict=False) if count == 0]


def _mend_table(
    conn: sa.Connection,
    table: sa.Table,
    devices: Collection[int],
    eras: Mapping[int, list[Era]],
) -> list[Repair]:
    columns = table.c
    rows = conn.execute(
        sa.select(columns._pk, columns._device_id, columns._when_removed_batch_utc)
        .where(
            columns._device_id.in_(devices),
            columns._era == NOW,
            sa.not_(columns._current),
            sa.not_(columns._addition_pending),
            columns._when_removed_batch_utc.is_not(None),
        )
        .order_by(columns._pk)
    )
    moved: list[dict[str, Any]] = []
    for pk, device, removed in rows:
        place = bisect_left([era.instant for era in eras[device]], removed)
        if place < len(eras[device]):
            era = eras[device][place]
            moved.append(
                {
                    "_pk": pk,
                    "_device_id": device,
                    "_era": era.name,
                    "_preserving_user_id": era.preserving_user_id,
                    MOVE_OFF: False,
                }
            )
    alter(conn, table, moved, _ERA_COLUMNS)
    return [
        Repair(
            RepairKind.LEFT_BEHIND,
            table.name,
            row["_device_id"],
            row["_pk"],
            f"moved from era {NOW} to {row['_era']}",
        )
        for row in moved
    ]
