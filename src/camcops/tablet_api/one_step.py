# SPDX-License-Identifier: GPL-3.0-or-later
"""The upload in one request: everything the tablet holds, all or nothing.

Only tables that bring records or in which the device has live rows are visited. Of each: read the life-cycle
of the device's rows; take replaced and absent ones out; insert; read back; link successors; preserve.
"""

from collections.abc import Collection, Mapping, Sequence

from camcops.db.client_tables import ClientTable
from camcops.records.changes import TableChange
from camcops.records.idnums import definitions
from camcops.records.lifecycle import is_before, with_predecessors
from camcops.records.live_rows import LiveRows, NowRow, RowValues, now_rows
from camcops.tablet_api import batches, silent_changes
from camcops.tablet_api.commit import Commit
from camcops.tablet_api.incoming import IncomingTable
from camcops.tablet_api.planning import Plan, check_id_numbers, new_rows, plan
from camcops.tablet_api.row_writing import Upload, insert_rows, link_successors, update_rows

# So many rows can be linked to their successors by the statement that preserves them.
_MOST_LINKS = 500


def makes_era(incoming: Mapping[str, IncomingTable], *, finalizing: bool) -> bool:
    """Will the upload finalize anything?"""
    return finalizing or any(
        record.move_off for table in incoming.values() for record in table.records.values()
    )


def upload_everything(
    upload: Upload, incoming: Mapping[str, IncomingTable], *, finalizing: bool
) -> None:
    """Make the device's live rows be the records given (tables not given are empty), and commit."""
    conn, database, device = upload.conn, upload.database, upload.device
    pending = batches.pending_work(conn, device.id)
    batches.roll_back(conn, database, device.id, pending.dirty)
    names = {*pending.live, *(name for name, table in incoming.items() if table.records)}
    live = LiveRows(conn, database, device.id, names)
    commit = Commit(upload, pending, live, finalizing)
    writer = _Writer(commit, incoming)
    commit.write_tables(names, writer.write_other, writer.write_tasks)
    commit.finish()


class _Writer:
    """Writes one table after the other, straight to their final state."""

    def __init__(self, commit: Commit, incoming: Mapping[str, IncomingTable]) -> None:
        self._commit = commit
        self._upload = commit.upload
        self._incoming = incoming

    def write_other(self, table: ClientTable) -> None:
        """A table of patients, ID numbers, BLOBs or child rows."""
        existing, planned = self._replace_rows(table)
        new: Sequence[RowValues] = ()
        if planned.insertions:
            keys = {one.record.key for one in planned.insertions}
            live = self._commit.live
            # The contents of the others are needed again: for scores and for the indexes.
            new = live.some(table, keys) if table.kind == "blobs" else live.of(table.name)
        self._settle(table, existing, planned, new)

    def write_tasks(
        self, table: ClientTable, keys: Collection[int], pks: Collection[int]
    ) -> Sequence[RowValues]:
        existing, planned = self._replace_rows(table)
        inserted = {one.record.key for one in planned.insertions}
        rows = self._commit.live.some(table, inserted.union(keys), pks)
        self._settle(table, existing, planned, rows)
        return rows

    def _replace_rows(self, table: ClientTable) -> tuple[list[NowRow], Plan]:
        upload = self._upload
        is_inhabited = table.name in self._commit.pending.live
        existing = now_rows(upload.conn, table, upload.device.id) if is_inhabited else []
        # What was pending when the lock was taken has been rolled back since.
        incoming = self._incoming.get(table.name)
        planned = plan(incoming.records if incoming else {}, existing, whole_table=True)
        silent_changes.report(upload, table, planned.unchanged)
        if table.kind == "idnum" and planned.insertions:
            check_id_numbers(planned.insertions, definitions(upload.conn))
        out = [row.pk for row in (*planned.replaced, *planned.absent)]
        update_rows(upload.conn, table, out, upload.removal)
        if planned.insertions:
            lifecycle = {**upload.origin, **upload.addition}
            rows = new_rows(table, planned.insertions, lifecycle)
            insert_rows(upload.conn, table, rows)
        return existing, planned

    def _settle(
        self,
        table: ClientTable,
        existing: Sequence[NowRow],
        planned: Plan,
        current: Sequence[RowValues],
    ) -> None:
        """Link rows to what replaced them, and note what has changed."""
        new_pks = {row["id"]: row["_pk"] for row in current}
        change = TableChange(table)
        for one in planned.insertions:
            change.added[one.record.key] = new_pks[one.record.key]
            if one.replaces is not None:
                change.replaced[one.replaces.pk] = new_pks[one.record.key]
                if is_before(one.record.when_modified, one.replaces.when_modified):
                    change.backwards.add(new_pks[one.record.key])
        change.deleted = {row.key: row.pk for row in planned.absent}
        self._note_owners(change, planned)
        self._note_preserved(change, existing, planned)
        if len(change.replaced) <= _MOST_LINKS and change.preserved.issuperset(change.replaced):
            change.unlinked = change.replaced
        else:
            link_successors(self._upload.conn, table, change.replaced)
        self._commit.changes[table.name] = change

    def _note_owners(self, change: TableChange, planned: Plan) -> None:
        gone = (*planned.replaced, *planned.absent)
        change.owners = {row.owner for row in gone if row.owner is not None}
        change.owners |= {
            owner
            for one in planned.insertions
            if (owner := one.record.owner(change.table)) is not None
        }

    def _note_preserved(
        self, change: TableChange, existing: Sequence[NowRow], planned: Plan
    ) -> None:
        current = {row.key: row.pk for row in existing if row.current}
        for key in change.deleted:
            current.pop(key)
        current |= change.added
        predecessors = {row.pk: row.predecessor for row in existing}
        predecessors |= {new: old for old, new in change.replaced.items()}
        for pk in change.added.values():
            predecessors.setdefault(pk, None)
        if self._commit.everything:
            change.preserved = set(predecessors)
        else:
            moving = [row.pk for row in planned.moving]
            moving += [
                change.added[one.record.key] for one in planned.insertions if one.record.move_off
            ]
            change.preserved = with_predecessors(moving, predecessors)
        change.preserved_current = {
            key: pk for key, pk in current.items() if pk in change.preserved
        }
        change.remaining = len(predecessors) - len(change.preserved)
