# SPDX-License-Identifier: GPL-3.0-or-later
"""The upload in many requests: changes wait in the tables, invisible, until the last request commits them.

A row to be added waits with `_addition_pending` and is not current; a current row to be removed is marked
`_removal_pending`. Within a batch, a later request replaces what an earlier one left for the same records.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from camcops.db import rows as stored
from camcops.db.client_tables import ClientTable
from camcops.db.prepared import Prepared, prepared
from camcops.records import live_tables
from camcops.records.changes import TableChange
from camcops.records.idnums import validation_methods
from camcops.records.lifecycle import KEY, NOW, is_before, same_instant, with_predecessors
from camcops.records.live_rows import LiveRows, NowRow, RowValues, now_rows
from camcops.tablet_api import batches, silent_changes, standing
from camcops.tablet_api.batches import PendingWork
from camcops.tablet_api.commit import Commit
from camcops.tablet_api.incoming import Record
from camcops.tablet_api.planning import Plan, check_id_numbers, new_rows, plan
from camcops.tablet_api.row_writing import Upload, insert_rows, link_successors, update_rows


@dataclass(frozen=True, slots=True)
class SentKey:
    """What a tablet says of a record that it may not need to send."""

    key: int
    when_modified: str
    move_off: bool


def stage_table(upload: Upload, table: ClientTable, records: Mapping[int, Record]) -> None:
    """Stage all records of a table; live rows that are not among them are to go."""
    pending = batches.pending_work(upload.conn, upload.device.id)
    rows = _rows(upload, table, pending)
    _forget(upload, table, rows)
    existing = [row for row in rows if not row.addition_pending]
    _stage(upload, table, pending, plan(records, existing, whole_table=True), existing)


def stage_record(upload: Upload, table: ClientTable, record: Record) -> bool:
    """Stage one record; no other is touched. Was its key there before?"""
    pending = batches.pending_work(upload.conn, upload.device.id)
    rows = _rows(upload, table, pending)
    _forget(upload, table, [row for row in rows if row.key == record.key])
    existing = [row for row in rows if not row.addition_pending]
    made = plan({record.key: record}, existing, whole_table=False)
    _stage(upload, table, pending, made, existing)
    return any(row.current and row.key == record.key for row in existing)


def stage_empty(upload: Upload, tables: Iterable[ClientTable]) -> None:
    """In these tables, every live row is to go."""
    pending = batches.pending_work(upload.conn, upload.device.id)
    dirty: set[str] = set()
    for table in tables:
        rows = _rows(upload, table, pending)
        _forget(upload, table, [row for row in rows if row.addition_pending])
        absent = [row.pk for row in rows if row.current]
        _mark_absent(upload, table, absent)
        if absent:
            dirty.add(table.name)
    batches.mark_dirty(upload.conn, upload.device.id, dirty - pending.dirty)


def stage_absent(upload: Upload, table: ClientTable, keys: Collection[int]) -> None:
    """Live rows of a table whose keys are not listed are to go."""
    pending = batches.pending_work(upload.conn, upload.device.id)
    rows = _rows(upload, table, pending)
    _drop_unlisted(upload, table, pending, rows, keys)


def choose_keys(upload: Upload, table: ClientTable, sent: Sequence[SentKey]) -> list[int]:
    """Which records the tablet must send: unknown ones, and those with another instant of modification.

    Rows whose keys are not listed are to go; unchanged ones that the tablet wants finalized are marked so.
    """
    pending = batches.pending_work(upload.conn, upload.device.id)
    rows = _rows(upload, table, pending)
    _drop_unlisted(upload, table, pending, rows, {one.key for one in sent})
    current = {row.key: row for row in rows if row.current}
    wanted: list[int] = []
    moving: list[int] = []
    for one in sent:
        row = current.get(one.key)
        if row is None or not same_instant(row.when_modified, one.when_modified):
            wanted.append(one.key)
        elif one.move_off:
            moving.append(row.pk)
    if moving:
        _mark_moving(upload, table, moving, {row.pk: row.predecessor for row in rows})
        if table.name not in pending.dirty:
            batches.mark_dirty(upload.conn, upload.device.id, {table.name})
    return wanted


def commit_batch(upload: Upload) -> None:
    """Make everything that was staged current, and everything that was to go not so; finalize if asked."""
    conn, device = upload.conn, upload.device
    before = standing.read(conn, device.id, upload.group_id)
    pending = before.pending
    names = pending.dirty | pending.live if device.preserving else pending.dirty
    live = LiveRows(conn, upload.database, device.id, pending.live)
    commit = Commit(upload, before, live, everything=device.preserving)

    def write_other(table: ClientTable) -> None:
        commit.changes[table.name] = _commit_table(upload, table, everything=commit.everything)

    def write_tasks(
        table: ClientTable, keys: Collection[int], pks: Collection[int]
    ) -> Sequence[RowValues]:
        added: Mapping[int, int] = {}
        if table.name in names:
            write_other(table)
            added = commit.changes[table.name].added
        return live.some(table, set(keys).union(added), pks)

    commit.write_tables(names, write_other, write_tasks)
    commit.finish()


def _commit_table(upload: Upload, table: ClientTable, *, everything: bool) -> TableChange:
    rows = now_rows(upload.conn, table, upload.device.id)
    adding = [row for row in rows if row.addition_pending]
    removing = {row.pk: row for row in rows if row.current and row.removal_pending}
    update_rows(upload.conn, table, list(removing), upload.removal)
    update_rows(upload.conn, table, [row.pk for row in adding], upload.addition)
    change = TableChange(table, added={row.key: row.pk for row in adding})
    for row in adding:
        if row.predecessor is not None and row.predecessor in removing:
            change.replaced[row.predecessor] = row.pk
            if is_before(row.when_modified, removing[row.predecessor].when_modified):
                change.backwards.add(row.pk)
    change.deleted = {row.key: pk for pk, row in removing.items() if pk not in change.replaced}
    change.owners = {row.owner for row in (*adding, *removing.values()) if row.owner is not None}
    change.preserved = {row.pk for row in rows if everything or row.move_off}
    current = {row.key: row.pk for row in rows if row.current and row.pk not in removing}
    current |= change.added
    change.preserved_current = {key: pk for key, pk in current.items() if pk in change.preserved}
    change.remaining = len(rows) - len(change.preserved)
    return change


def _rows(upload: Upload, table: ClientTable, pending: PendingWork) -> list[NowRow]:
    if table.name not in pending.live:
        return []
    return now_rows(upload.conn, table, upload.device.id)


def _forget(upload: Upload, table: ClientTable, rows: Sequence[NowRow]) -> None:
    """Undo what an earlier request of the batch staged in these rows."""
    added = [row for row in rows if row.addition_pending]
    stored.delete(upload.conn, table.table, "_pk", [row.pk for row in added])
    staged = [
        row.pk for row in rows if not row.addition_pending and (row.removal_pending or row.move_off)
    ]
    values = {"_removal_pending": False, "_successor_pk": None, "_move_off_tablet": False}
    current = {row.pk for row in rows if row.current}
    update_rows(upload.conn, table, [pk for pk in staged if pk in current], values)
    earlier = [pk for pk in staged if pk not in current]
    update_rows(upload.conn, table, earlier, {"_move_off_tablet": False})


def _stage(
    upload: Upload,
    table: ClientTable,
    pending: PendingWork,
    planned: Plan,
    existing: Sequence[NowRow],
) -> None:
    silent_changes.look(upload, table, planned.unchanged)
    if not planned:
        return
    conn, device = upload.conn, upload.device
    if table.kind == "idnum" and planned.insertions:
        check_id_numbers(planned.insertions, validation_methods(conn))
    if table.name not in pending.dirty:
        batches.mark_dirty(conn, device.id, {table.name})
    predecessors = {row.pk: row.predecessor for row in existing}
    moving = [row.pk for row in planned.moving]
    if planned.insertions:
        new_pks = _insert_pending(upload, table, planned)
        if table.name not in pending.live:
            live_tables.add(conn, device.id, {table.name})
        for one in planned.insertions:
            pk = new_pks[one.record.key]
            predecessors[pk] = one.replaces.pk if one.replaces else None
            if one.record.move_off:
                moving.append(pk)
        successors = {
            one.replaces.pk: new_pks[one.record.key] for one in planned.insertions if one.replaces
        }
        link_successors(conn, table, successors, {"_removal_pending": True})
    _mark_absent(upload, table, [row.pk for row in planned.absent])
    _mark_moving(upload, table, moving, predecessors)


def _insert_pending(upload: Upload, table: ClientTable, planned: Plan) -> dict[int, int]:
    """Insert rows that wait for the commit; their server keys by the tablet's keys."""
    lifecycle = {**upload.origin, "_current": False, "_addition_pending": True}
    insert_rows(upload.conn, table, new_rows(table, planned.insertions), lifecycle)
    query = prepared(table.table, "pending keys", lambda: Prepared(_pending_keys(table.table)))
    rows = query.rows(upload.conn, {"device": upload.device.id})
    return {row[0]: row[1] for row in rows}


def _pending_keys(table: sa.Table) -> sa.Select[Any]:
    columns = table.c
    return sa.select(columns[KEY], columns._pk).where(
        columns._device_id == sa.bindparam("device"),
        columns._era == NOW,
        columns._addition_pending,
    )


def _mark_absent(upload: Upload, table: ClientTable, pks: Collection[int]) -> None:
    values = {"_removal_pending": True, "_successor_pk": None}
    update_rows(upload.conn, table, pks, values)


def _mark_moving(
    upload: Upload,
    table: ClientTable,
    pks: Collection[int],
    predecessors: dict[int, int | None],
) -> None:
    """Mark rows and all their earlier versions for finalization."""
    chosen = with_predecessors(pks, predecessors)
    update_rows(upload.conn, table, chosen, {"_move_off_tablet": True})


def _drop_unlisted(
    upload: Upload,
    table: ClientTable,
    pending: PendingWork,
    rows: Sequence[NowRow],
    keys: Collection[int],
) -> None:
    listed = [row for row in rows if row.key in keys]
    replaced = {row.predecessor for row in listed if row.addition_pending}
    _forget(upload, table, [row for row in rows if row.addition_pending and row.key not in keys])
    kept = [row for row in listed if row.current and row.removal_pending and row.pk not in replaced]
    _forget(upload, table, kept)
    absent = [row.pk for row in rows if row.current and row.key not in keys]
    _mark_absent(upload, table, absent)
    if absent and table.name not in pending.dirty:
        batches.mark_dirty(upload.conn, upload.device.id, {table.name})
