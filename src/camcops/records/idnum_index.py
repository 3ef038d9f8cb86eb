# SPDX-License-Identifier: GPL-3.0-or-later
"""The index of current ID numbers (`_idnum_index`): from a number to the patient who has it."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from camcops.db import rows as stored
from camcops.db.schema import idnum_index, patient, patient_idnum
from camcops.records.changes import TableChange
from camcops.records.live_rows import LiveRows


def update(
    conn: sa.Connection,
    numbers: TableChange | None,
    patients: TableChange | None,
    live: LiveRows,
    *,
    batch: dt.datetime,
) -> None:
    """Bring the index in step with changed ID numbers, and with changed patients who kept theirs.

    A number and a patient in different eras, because only one was preserved, have nothing to do with each
    other.
    """
    gone = numbers.removed if numbers else set()
    added = set(numbers.added.values()) if numbers else set()
    patient_keys = patients.changed_keys if patients else set()
    numbers_leave = numbers.preserved if numbers else set()
    patients_leave = patients.preserved if patients else set()
    patient_pks: dict[int, int] = {}
    parted: set[int] = set()
    writing: list[Mapping[str, Any]] = []
    if added or patient_keys or numbers_leave or patients_leave:
        patient_pks = {key: row["_pk"] for key, row in live.by_key("patient").items()}
        parted = {
            row["_pk"]
            for row in live.of("patient_idnum")
            if (row["_pk"] in numbers_leave)
            != (patient_pks.get(row["patient_id"]) in patients_leave)
        }
        writing = [
            row
            for row in live.of("patient_idnum")
            if row["_pk"] in added | parted or row["patient_id"] in patient_keys
        ]
    rewritten = {row["_pk"] for row in writing} - added
    stored.delete(conn, idnum_index, "idnum_pk", gone | rewritten)
    if writing:
        together = [row for row in writing if row["_pk"] not in parted]
        _insert(conn, together, patient_pks, batch)
        _insert(conn, [row for row in writing if row["_pk"] in parted], {}, batch)


def rebuild(conn: sa.Connection, *, now: dt.datetime) -> None:
    """Make the index anew from all current ID numbers."""
    conn.execute(idnum_index.delete())
    number, person = patient_idnum.c, patient.c
    same_patient = sa.and_(
        person._device_id == number._device_id,
        person._era == number._era,
        person.id == number.patient_id,
        person._current,
    )
    current = (
        sa.select(number._pk, sa.literal(now), person._pk, number.which_idnum, number.idnum_value)
        .select_from(patient_idnum.outerjoin(patient, same_patient))
        .where(number._current, number.idnum_value.is_not(None))
    )
    conn.execute(
        idnum_index.insert().from_select(
            ["idnum_pk", "indexed_at_utc", "patient_pk", "which_idnum", "idnum_value"], current
        )
    )


def _insert(
    conn: sa.Connection,
    numbers: Iterable[Mapping[str, Any]],
    patient_pks: Mapping[int, int],
    batch: dt.datetime,
) -> None:
    rows = [
        {
            "idnum_pk": row["_pk"],
            "indexed_at_utc": batch,
            "patient_pk": patient_pks.get(row["patient_id"]),
            "which_idnum": row["which_idnum"],
            "idnum_value": row["idnum_value"],
        }
        for row in numbers
        if row["idnum_value"] is not None
    ]
    stored.insert(conn, idnum_index, rows)
