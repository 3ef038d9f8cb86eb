# SPDX-License-Identifier: GPL-3.0-or-later
"""Two finalizing uploads of a device within one second: CamCOPS 2.4 gives both the same era.

A tablet uses its keys again after finalizing, so two records of the same key in such an era are
different records, of which none may be hidden. The later ones get an era of their own.
"""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import sqlalchemy as sa

from camcops.db.schema import special_notes
from camcops.records.adoption.repair import Repair, RepairKind, alter, copy_note
from camcops.records.lifecycle import KEY, NOW, era_text, parse_instant, utc_of

EraKey: TypeAlias = tuple[int, str]
"""Device and era."""


def added_at(row: Mapping[str, Any]) -> dt.datetime | None:
    """The instant at which the upload that brought a row was finished, in UTC, as exactly as known."""
    try:
        return utc_of(row["_when_added_exact"] or "")
    except ValueError:
        batch: dt.datetime | None = row["_when_added_batch_utc"]
        return batch


def boundaries(doubles: Iterable[Sequence[Mapping[str, Any]]]) -> dict[EraKey, list[dt.datetime]]:
    """Of each era in which records collided: the fewest instants that part all of them.

    `doubles`: current rows of one object each, oldest first. Rows from one upload, and rows in era
    NOW, are versions of one record and ask for none.
    """
    gaps: defaultdict[EraKey, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    for versions in doubles:
        for older, newer in pairwise(versions):
            before, after = added_at(older), added_at(newer)
            if older["_era"] != NOW and before and after and before < after:
                gaps[older["_device_id"], older["_era"]].append((after, before))
    found: dict[EraKey, list[dt.datetime]] = {}
    for key, between in gaps.items():
        chosen: list[dt.datetime] = []
        for after, before in sorted(between):
            if not chosen or chosen[-1] <= before:
                chosen.append(after)
        found[key] = chosen
    return found


def part(
    conn: sa.Connection,
    tables: Collection[sa.Table],
    found: Mapping[EraKey, Sequence[dt.datetime]],
) -> list[Repair]:
    """Give the records added from each boundary on an era of their own; references stay within eras."""
    if not found:
        return []
    names = _new_names(conn, tables, found)
    repairs: list[Repair] = []
    for table in tables:
        repairs += _part_table(conn, table, found, names)
    return repairs


def _new_names(
    conn: sa.Connection,
    tables: Iterable[sa.Table],
    found: Mapping[EraKey, Sequence[dt.datetime]],
) -> dict[EraKey, list[str]]:
    """For each era, the names of those that follow it: the next seconds that the device has not used."""
    devices = sorted({device for device, _ in found})
    used: set[EraKey] = set()
    for table in tables:
        columns = table.c
        rows = conn.execute(
            sa.select(columns._device_id, columns._era)
            .where(columns._device_id.in_(devices))
            .distinct()
        )
        used.update((device, era) for device, era in rows)
    names: dict[EraKey, list[str]] = {}
    for key, instants in sorted(found.items()):
        device, era = key
        names[key] = [era]
        instant = parse_instant(era)
        while len(names[key]) <= len(instants):
            instant += dt.timedelta(seconds=1)
            if (device, era_text(instant)) not in used:
                used.add((device, era_text(instant)))
                names[key].append(era_text(instant))
    return names


def _part_table(
    conn: sa.Connection,
    table: sa.Table,
    found: Mapping[EraKey, Sequence[dt.datetime]],
    names: Mapping[EraKey, Sequence[str]],
) -> list[Repair]:
    columns = table.c
    chosen = sa.or_(
        *(sa.and_(columns._device_id == device, columns._era == era) for device, era in found)
    )
    rows = conn.execute(
        sa.select(
            columns._pk,
            columns._device_id,
            columns._era,
            columns[KEY],
            columns._when_added_exact,
            columns._when_added_batch_utc,
        )
        .where(chosen)
        .order_by(columns._pk)
    ).mappings()
    moved: list[dict[str, Any]] = []
    staying: set[tuple[int, str, int]] = set()
    for found_row in rows:
        row = dict(found_row)
        key = (row["_device_id"], row["_era"])
        added = added_at(row)
        place = 0 if added is None else bisect_right(found[key], added)
        if place:
            moved.append({**row, "_era": names[key][place], "was": row["_era"]})
        else:
            staying.add((*key, row[KEY]))
    alter(conn, table, moved, ("_era",))
    repairs = [
        Repair(
            RepairKind.SAME_ERA,
            table.name,
            row["_device_id"],
            row["_pk"],
            f"moved from era {row['was']} to {row['_era']}",
        )
        for row in moved
    ]
    return repairs + _part_notes(conn, table, moved, staying)


def _part_notes(
    conn: sa.Connection,
    table: sa.Table,
    moved: Iterable[Mapping[str, Any]],
    staying: Collection[tuple[int, str, int]],
) -> list[Repair]:
    """A note follows the record that moved. If another record of its key stayed, CamCOPS 2.4 showed
    the note with both: so do we.
    """
    note = special_notes.c
    targets: defaultdict[tuple[int, str, int], set[str]] = defaultdict(set)
    for row in moved:
        targets[row["_device_id"], row["was"], row[KEY]].add(row["_era"])
    repairs: list[Repair] = []
    for device, era in sorted({(device, era) for device, era, _ in targets}):
        notes = conn.execute(
            sa.select(special_notes).where(
                note.basetable == table.name, note.device_id == device, note.era == era
            )
        ).mappings()
        for one in notes.all():
            key = (device, era, one["task_id"])
            eras = sorted(targets.get(key, ()))
            if eras and key not in staying:
                first = eras.pop(0)
                conn.execute(
                    special_notes.update().where(note.note_id == one["note_id"]).values(era=first)
                )
                repairs.append(_note_repair(device, one["note_id"], f"moved to era {first}"))
            for another in eras:
                made = copy_note(conn, dict(one), another)
                repairs.append(
                    _note_repair(device, made, f"copy of {one['note_id']} in era {another}")
                )
    return repairs


def _note_repair(device: int, note_id: int, details: str) -> Repair:
    return Repair(RepairKind.SAME_ERA, special_notes.name, device, note_id, details)
