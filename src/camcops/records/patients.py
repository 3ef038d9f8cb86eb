# SPDX-License-Identifier: GPL-3.0-or-later
"""Patients as stored, with their ID numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from camcops.accounts.permissions import Groups
from camcops.db.schema import patient, patient_idnum
from camcops.records.idnums import IdNumType, definitions, valid_idnum
from camcops.records.lifecycle import KEY
from camcops.records.versions import RowValues, companions, fetch, going_with, newest


@dataclass(frozen=True, slots=True)
class IdNumber:
    """An ID number of a patient. `valid` by its type's method; `value` is None if the tablet sent
    none.
    """

    which: int
    description: str
    short_description: str
    value: int | None
    valid: bool
    validation_method: str
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class StoredPatient:
    """A patient's row (all columns of `patient`) and ID numbers, in the order of their types."""

    row: Mapping[str, Any]
    idnums: tuple[IdNumber, ...]

    def seen_by(self, visible: Groups) -> "StoredPatient | None":
        """What somebody sees who may see these groups: nothing, or all but others' ID numbers."""
        if self.row["_group_id"] not in visible:
            return None
        seen = tuple(number for number in self.idnums if number.group_id in visible)
        return StoredPatient(self.row, seen)


def patient_of(conn: sa.Connection, task: RowValues) -> StoredPatient | None:
    """The patient of a task's row, as known to that version of the task (three statements).

    If none was known at the time, the newest version; None if there is no such patient at all.
    """
    same = patient.c[KEY] == task["patient_id"]
    found = fetch(conn, companions(patient, task, same))
    chosen = going_with(task, found) or newest(found)
    if not chosen:
        return None
    return StoredPatient(chosen[0], _idnums(conn, task))


def _idnums(conn: sa.Connection, task: RowValues) -> tuple[IdNumber, ...]:
    theirs = patient_idnum.c.patient_id == task["patient_id"]
    found = fetch(conn, companions(patient_idnum, task, theirs))
    known = definitions(conn)
    numbers = [_idnum(known.get(row["which_idnum"]), row) for row in going_with(task, found)]
    return tuple(sorted(numbers, key=lambda number: number.which))


def _idnum(kind: IdNumType | None, row: RowValues) -> IdNumber:
    which, value = row["which_idnum"], row["idnum_value"]
    method = kind.validation_method if kind else ""
    return IdNumber(
        which=which,
        description=kind.description if kind else f"ID number of type {which}",
        short_description=kind.short_description if kind else f"ID {which}",
        value=value,
        valid=valid_idnum(method, value),
        validation_method=method,
        group_id=row["_group_id"],
    )
