# SPDX-License-Identifier: GPL-3.0-or-later
"""Special notes that stayed in era NOW when their records were finalized.

CamCOPS 2.4 forgets them when an upload in one step finalizes: they vanish from the record's page.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from camcops.db.schema import special_notes
from camcops.records.adoption.repair import Repair, RepairKind
from camcops.records.changes import chunks
from camcops.records.lifecycle import KEY, NOW, utc_of


def mend(conn: sa.Connection, tables: Collection[sa.Table]) -> list[Repair]:
    """Let each note follow its record, unless a record in era NOW has the key (it may be meant)."""
    note = special_notes.c
    by_table: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    query = sa.select(note.note_id, note.basetable, note.device_id, note.task_id, note.note_at)
    for row in conn.execute(query.where(note.era == NOW).order_by(note.note_id)).mappings():
        by_table[row["basetable"]].append(dict(row))
    repairs: list[Repair] = []
    for table in tables:
        notes = by_table.get(table.name)
        if notes:
            repairs += _mend_table(conn, table, notes)
    return repairs


def _mend_table(
    conn: sa.Connection, table: sa.Table, notes: Iterable[Mapping[str, Any]]
) -> list[Repair]:
    notes = list(notes)
    eras = _eras(conn, table, {row["task_id"] for row in notes})
    repairs: list[Repair] = []
    moves: list[dict[str, Any]] = []
    for row in notes:
        found = eras.get((row["device_id"], row["task_id"]), frozenset())
        if not found or NOW in found:
            continue
        era = era_of_note(row["note_at"], found)
        moves.append({"moved_id": row["note_id"], "new_era": era})
        details = f"note on {table.name}: moved from era {NOW} to {era}"
        kind = RepairKind.NOTE_LEFT_BEHIND
        repairs.append(Repair(kind, special_notes.name, row["device_id"], row["note_id"], details))
    if moves:
        conn.execute(
            special_notes.update()
            .where(special_notes.c.note_id == sa.bindparam("moved_id"))
            .values(era=sa.bindparam("new_era")),
            moves,
        )
    return repairs


def _eras(
    conn: sa.Connection, table: sa.Table, keys: Iterable[int]
) -> dict[tuple[int, int], frozenset[str]]:
    """The eras of all versions, by device and tablet's key."""
    columns = table.c
    found: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for chunk in chunks(keys):
        rows = conn.execute(
            sa.select(columns._device_id, columns[KEY], columns._era)
            .where(columns[KEY].in_(chunk))
            .distinct()
        )
        for device, key, era in rows:
            found[device, key].add(era)
    return {key: frozenset(eras) for key, eras in found.items()}


def era_of_note(written: str | None, eras: Iterable[str]) -> str:
    """The first era that was closed after the note was written; if none was, the last one."""
    ordered = sorted(eras)
    instant = _instant(written)
    if instant is not None:
        for era in ordered:
            closed = _instant(era)
            # Eras are named by whole seconds.
            if closed is not None and closed + dt.timedelta(seconds=1) > instant:
                return era
    return ordered[-1]


def _instant(text: str | None) -> dt.datetime | None:
    try:
        return utc_of(text or "")
    except ValueError:
        return None
