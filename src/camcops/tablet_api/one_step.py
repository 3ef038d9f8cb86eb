# SPDX-License-Identifier: GPL-3.0-or-later
"""The upload in one request: everything the tablet holds, all or nothing.

Only tables that bring records or in which the device has live rows are visited. Of each: read the device's
rows; take replaced and absent ones out; insert, what is to be finalized straight into its era; read the new
server keys; link successors. What becomes current is known without reading it again.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.prepared import Prepared, prepared
from camcops.db.rows import among, insert_returning, key_values, padded
from camcops.instruments.model import FieldType
from camcops.records.changes import TableChange
from camcops.records.lifecycle import KEY, MOVE_OFF, NOW, era_text, is_before, with_predecessors
from camcops.records.live_rows import LiveRows, NowRow, RowValues, now_row
from camcops.tablet_api import batches, silent_changes, standing
from camcops.tablet_api.commit import Commit
from camcops.tablet_api.incoming import IncomingTable, Record
from camcops.tablet_api.planning import Plan, check_id_numbers, new_rows, plan
from camcops.tablet_api.row_writing import Upload, insert_rows, link_successors, update_rows

# Of so many new rows, the keys are read with one statement; beyond, those of all current rows.
_MOST_KEYS = 500


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
    before = standing.read(conn, device.id, upload.group_id)
    batches.roll_back(conn, database, device.id, before.pending.dirty)
    names = {*before.pending.live, *(name for name, table in incoming.items() if table.records)}
    live = LiveRows(conn, database, device.id, names)
    commit = Commit(upload, before, live, finalizing)
    writer = _Writer(commit, incoming)
    commit.write_tables(names, writer.write_other, writer.write_tasks)
    commit.finish()


class _Writer:
    """Writes one table after the other, straight to their final state."""

    def __init__(self, commit: Commit, incoming: Mapping[str, IncomingTable]) -> None:
        self._commit = commit
        self._upload = commit.upload
        self._incoming = incoming
        self._era = era_text(commit.upload.batch)

    def write_other(self, table: ClientTable) -> None:
        """A table of patients, ID numbers, BLOBs or child rows."""
        # Their contents are needed again: for scores and for the indexes.
        self._commit.live.note(table.name, self._write(table))

    def write_tasks(
        self, table: ClientTable, keys: Collection[int], pks: Collection[int]
    ) -> Sequence[RowValues]:
        current = self._write(table)
        added = self._commit.changes[table.name].added
        return [
            row for row in current if row[KEY] in keys or row[KEY] in added or row["_pk"] in pks
        ]

    def _write(self, table: ClientTable) -> list[RowValues]:
        """Write a table, and return the rows that are current then."""
        upload = self._upload
        # What was pending when the lock was taken has been rolled back since.
        stored = self._stored(table)
        existing = [now_row(table, row) for row in stored.values()]
        incoming = self._incoming.get(table.name)
        planned = plan(incoming.records if incoming else {}, existing, whole_table=True)
        silent_changes.report(upload, table, planned.unchanged, stored)
        if table.kind == "idnum" and planned.insertions:
            check_id_numbers(planned.insertions, self._commit.standing.validation_methods)
        # Those whose successors go to another era can wait until they are finalized themselves.
        out = [
            one.replaces.pk
            for one in planned.insertions
            if one.replaces is not None and not self._is_final(one.record)
        ]
        out += [row.pk for row in planned.absent]
        update_rows(upload.conn, table, out, upload.removal)
        new = self._insert(table, planned, stored) if planned.insertions else []
        self._settle(table, existing, planned, new)
        return [*(stored[one.row.pk] for one in planned.unchanged), *new]

    def _stored(self, table: ClientTable) -> dict[int, RowValues]:
        """The device's rows in era NOW, by server key; earlier versions only if they may be wanted."""
        if table.name not in self._commit.standing.pending.live:
            return {}
        rows = self._commit.live.read(table, earlier=self._finalizes(table))
        if not rows and not self._finalizes(table):
            rows = self._commit.live.read(table, earlier=True)
        return {row["_pk"]: row for row in rows}

    def _finalizes(self, table: ClientTable) -> bool:
        """Is anything of this table to be finalized?"""
        incoming = self._incoming.get(table.name)
        records = incoming.records.values() if incoming else ()
        return self._commit.everything or any(record.move_off for record in records)

    def _is_final(self, record: Record) -> bool:
        """Is a new row to be finalized?"""
        return self._commit.everything or record.move_off

    def _insert(self, table: ClientTable, planned: Plan, known: Collection[int]) -> list[RowValues]:
        """Insert rows, and return them as they are stored. `known`: server keys of rows that were there."""
        upload = self._upload
        common = {**upload.origin, **upload.addition}
        rows = new_rows(table, planned.insertions)
        for row, one in zip(rows, planned.insertions, strict=True):
            is_final = self._is_final(one.record)
            row["_era"] = self._era if is_final else NOW
            row["_preserving_user_id"] = upload.user.id if is_final else None
            row[MOVE_OFF] = False
        if _is_stored_exactly(table, upload.conn.dialect):
            pks = self._insert_exactly(table, rows, common, known)
            return [{**common, **row, "_pk": pks[row[KEY]]} for row in rows]
        insert_rows(upload.conn, table, rows, common)
        keys = {row[KEY] for row in rows}
        return [row for row in self._current(table, keys) if row["_pk"] not in known]

    def _insert_exactly(
        self,
        table: ClientTable,
        rows: Sequence[RowValues],
        common: RowValues,
        known: Collection[int],
    ) -> dict[int, int]:
        """Insert rows; their server keys by the tablet's."""
        conn = self._upload.conn
        if table.kind != "blobs":
            found = insert_returning(conn, table.table, rows, common, (KEY, "_pk"))
            if found is not None:
                return {row[0]: row[1] for row in found}
        insert_rows(conn, table, rows, common)
        current = self._current(table, {row[KEY] for row in rows})
        return {row[KEY]: row["_pk"] for row in current if row["_pk"] not in known}

    def _current(self, table: ClientTable, keys: Collection[int]) -> list[dict[str, Any]]:
        """Current rows with these keys, finalized ones too: server keys and keys, or everything."""
        exactly = _is_stored_exactly(table, self._upload.conn.dialect)
        wanted = padded(keys) if len(keys) <= _MOST_KEYS else []

        def build() -> Prepared:
            columns = table.table.c
            query = sa.select(*((columns._pk, columns[KEY]) if exactly else columns)).where(
                columns._device_id == sa.bindparam("device"),
                columns._era.in_([sa.bindparam("now"), sa.bindparam("era")]),
                columns._current,
            )
            return Prepared(query.where(among(columns[KEY], len(wanted))) if wanted else query)

        query = prepared(table.table, ("new rows", exactly, len(wanted)), build)
        # Only an upload that finalizes has an era of its own: an earlier one's can have the same second.
        era = self._era if self._finalizes(table) else NOW
        values = {"device": self._upload.device.id, "now": NOW, "era": era}
        rows = query.mappings(self._upload.conn, {**values, **key_values(wanted)})
        return [row for row in rows if row[KEY] in keys]

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
        change.settled = change.preserved.intersection(change.added.values())
        change.unlinked = {
            old: new for old, new in change.replaced.items() if new in change.settled
        }
        linked = {old: new for old, new in change.replaced.items() if old not in change.unlinked}
        link_successors(self._upload.conn, table, linked)
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


def _is_stored_exactly(table: ClientTable, dialect: sa.Dialect) -> bool:
    """Does the database give back what it was given? FLOAT of MariaDB and MySQL loses digits."""
    if dialect.name != "mysql" or table.instrument is None:
        return True
    fields = table.child.fields if table.child is not None else table.instrument.all_fields
    return all(field.type is not FieldType.NUMBER for field in fields.values())
