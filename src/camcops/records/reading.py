# SPDX-License-Identifier: GPL-3.0-or-later
"""One stored task with all that belongs to it: child rows, patient, BLOBs, notes, names, results.

Any version can be read, by server key: the current one, and those that were replaced, deleted or
erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from camcops.accounts.groups import Group
from camcops.accounts.permissions import Groups
from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.schema import devices, groups, special_notes, task_scores, users
from camcops.instruments.evaluate import Results
from camcops.instruments.model import Instrument
from camcops.records.blobs import BlobInfo, blobs_of
from camcops.records.lifecycle import KEY
from camcops.records.patients import StoredPatient, patient_of
from camcops.records.scoring import judge
from camcops.records.versions import RowValues, companions, fetch, going_with


@dataclass(frozen=True, slots=True)
class Device:
    """The tablet that a record came from."""

    id: int
    name: str
    friendly_name: str


@dataclass(frozen=True, slots=True)
class SpecialNote:
    """A note that somebody added on the server; `note_at` is ISO text, `about_patient` says to
    what.
    """

    note_id: int
    note_at: str | None
    user_id: int | None
    username: str
    note: str
    about_patient: bool


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A version of a task. `row` has all columns; `rows` the child rows by table, in their own order.

    `blobs` are found by the number that a field holds. `patient` is None for anonymous tasks, and
    if the patient's record is missing. `results` is None if they could not be computed.
    `parts_withheld`: something belongs to groups that the reader may not see, and is left out.
    """

    instrument: Instrument
    row: Mapping[str, Any]
    rows: Mapping[str, list[Mapping[str, Any]]]
    patient: StoredPatient | None
    device: Device
    group: Group
    adding_user: str | None
    removing_user: str | None
    preserving_user: str | None
    erasing_user: str | None
    blobs: Mapping[int, BlobInfo]
    special_notes: tuple[SpecialNote, ...]
    results: Results | None
    parts_withheld: bool = False

    def __repr__(self) -> str:
        return f"StoredTask({self.instrument.table!r}, {self.row['_pk']})"


def load_task(
    conn: sa.Connection, database: Database, table: str, pk: int, *, visible: Groups
) -> StoredTask | None:
    """A task by table and server key (eight statements, and one for each table of child rows).

    `visible` are the groups whose tasks may be read (`records.access.reach_of`; `permissions.EVERY`
    for the server itself). None if there is no such task, if it is another group's, or if its
    upload is not finished: one can't tell which. A task leads to its patient, child rows and BLOBs
    by keys that its tablet chose, so each of these is judged by its own group too.
    """
    kept = database.tables.get(table)
    if kept is None or kept.kind != "task" or kept.instrument is None:
        return None
    found = _task_row(conn, kept, pk)
    if found is None or found["_group_id"] not in visible:
        return None
    instrument = kept.instrument
    row = {column.name: found[column.name] for column in kept.table.columns}
    rows = _child_rows(conn, database, instrument, row)
    patient = None if instrument.is_anonymous else patient_of(conn, row)
    blobs = blobs_of(conn, instrument, row, rows)
    shown = _Shown(rows, patient, blobs, visible)
    return StoredTask(
        instrument=instrument,
        row=row,
        rows=shown.rows,
        patient=shown.patient,
        device=Device(
            row["_device_id"], found["device_name"] or "", found["device_friendly_name"] or ""
        ),
        group=Group(
            row["_group_id"],
            found["group_name"] or "",
            found["group_description"] or "",
            found["group_upload_policy"] or "",
            found["group_finalize_policy"] or "",
        ),
        adding_user=found["adding_user"],
        removing_user=found["removing_user"],
        preserving_user=found["preserving_user"],
        erasing_user=found["erasing_user"],
        blobs=shown.blobs,
        special_notes=_notes(conn, instrument, row, with_patient=shown.patient is not None),
        results=_results(conn, kept, row, rows, patient),
        parts_withheld=shown.parts_withheld,
    )


class _Shown:
    """What belongs to a task, without what is of groups that the reader may not see."""

    def __init__(
        self,
        rows: Mapping[str, list[Mapping[str, Any]]],
        patient: StoredPatient | None,
        blobs: Mapping[int, BlobInfo],
        visible: Groups,
    ) -> None:
        self.rows = {
            name: [row for row in found if row["_group_id"] in visible]
            for name, found in rows.items()
        }
        self.blobs = {key: blob for key, blob in blobs.items() if blob.group_id in visible}
        self.patient = patient.seen_by(visible) if patient else None
        self.parts_withheld = (
            any(len(found) < len(rows[name]) for name, found in self.rows.items())
            or len(self.blobs) < len(blobs)
            or self.patient != patient
        )


_USERS = {
    "adding_user": "_adding_user_id",
    "removing_user": "_removing_user_id",
    "preserving_user": "_preserving_user_id",
    "erasing_user": "_manually_erasing_user_id",
}


def _task_row(conn: sa.Connection, kept: ClientTable, pk: int) -> sa.RowMapping | None:
    """The task's row with the names of its device, group and users; the names have labels of their
    own.
    """
    task = kept.table
    source: sa.FromClause = task.outerjoin(devices, devices.c.id == task.c._device_id).outerjoin(
        groups, groups.c.id == task.c._group_id
    )
    names: list[sa.ColumnElement[Any]] = [
        devices.c.name.label("device_name"),
        devices.c.friendly_name.label("device_friendly_name"),
        groups.c.name.label("group_name"),
        groups.c.description.label("group_description"),
        groups.c.upload_policy.label("group_upload_policy"),
        groups.c.finalize_policy.label("group_finalize_policy"),
    ]
    for label, column in _USERS.items():
        user = users.alias(label)
        source = source.outerjoin(user, user.c.id == task.c[column])
        names.append(user.c.username.label(label))
    query = (
        sa.select(task, *names)
        .select_from(source)
        .where(task.c._pk == pk, sa.not_(task.c._addition_pending))
    )
    return conn.execute(query).mappings().first()


def _child_rows(
    conn: sa.Connection, database: Database, instrument: Instrument, row: RowValues
) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name, child in instrument.tables.items():
        table = database.tables[name].table
        query = companions(table, row, table.c[child.link] == row[KEY])
        theirs = going_with(row, fetch(conn, query))
        found[name] = sorted(theirs, key=lambda each: each[child.order])
    return found


def _notes(
    conn: sa.Connection, instrument: Instrument, row: RowValues, *, with_patient: bool
) -> tuple[SpecialNote, ...]:
    """The notes about a task, which go with all its versions, and those about its patient; no
    hidden ones.
    """
    note = special_notes.c
    about = sa.and_(note.basetable == instrument.table, note.task_id == row[KEY])
    if with_patient:
        about = sa.or_(
            about, sa.and_(note.basetable == "patient", note.task_id == row["patient_id"])
        )
    found = conn.execute(
        sa.select(special_notes, users.c.username)
        .outerjoin(users, users.c.id == note.user_id)
        .where(
            note.device_id == row["_device_id"],
            note.era == row["_era"],
            sa.not_(note.hidden),
            about,
        )
        .order_by(note.note_id)
    )
    return tuple(
        SpecialNote(
            note_id=each.note_id,
            note_at=each.note_at,
            user_id=each.user_id,
            username=each.username or "",
            note=each.note or "",
            about_patient=each.basetable == "patient",
        )
        for each in found
    )


def _results(
    conn: sa.Connection,
    kept: ClientTable,
    row: RowValues,
    rows: Mapping[str, list[Mapping[str, Any]]],
    patient: StoredPatient | None,
) -> Results | None:
    """The stored results, if the rules are still those they were computed by; else computed now."""
    assert kept.instrument is not None
    stored = conn.execute(
        sa.select(task_scores.c.rules_hash, task_scores.c.results).where(
            task_scores.c.task_table_name == kept.name, task_scores.c.task_pk == row["_pk"]
        )
    ).first()
    if stored is not None and stored.rules_hash == kept.instrument.rules_hash:
        return Results.from_json(stored.results)
    return judge(kept, row, rows, patient.row if patient else None).results
