# SPDX-License-Identifier: GPL-3.0-or-later
"""Patients who are made on the server, before any tablet knows them.

They belong to the pseudo-device `server` and stay in era NOW. Their `uuid` is what an access key says.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from camcops import TABLET_COMPATIBLE_VERSION
from camcops.accounts.groups import Group
from camcops.db.keys import new_key
from camcops.db.patient_names import entry
from camcops.db.schema import devices, idnum_index, patient, patient_idnum, patient_index
from camcops.problems import SERVER_PATIENT_REFUSED, Problem
from camcops.records import live_tables
from camcops.records.idnums import definitions, why_invalid
from camcops.records.lifecycle import NOW, SERVER_DEVICE, iso_text
from camcops.records.patient_details import (
    DETAILS,
    DetailRefused,
    PatientDetails,
    details_of_row,
    read_details,
)
from camcops.records.policies import parse_policy
from camcops.schedules.proquints import access_key, uuid_of

TABLES = frozenset({patient.name, patient_idnum.name})


@dataclass(frozen=True, slots=True)
class ServerPatient:
    """A patient made on the server; `pk` is the server key."""

    pk: int
    uuid: str
    group_id: int
    person: PatientDetails

    def __repr__(self) -> str:
        return f"ServerPatient({self.pk})"

    @property
    def access_key(self) -> str:
        return access_key(self.uuid)


def find_by_key(conn: sa.Connection, key: str) -> ServerPatient | None:
    """The patient with an access key; None if it is malformed or nobody's (two statements at most)."""
    try:
        wanted = uuid_of(key)
    except ValueError:
        return None
    return _one(conn, patient.c.uuid == wanted)


def find_by_pk(conn: sa.Connection, pk: int) -> ServerPatient | None:
    """The patient with a server key, if made on the server (two statements at most)."""
    return _one(conn, patient.c._pk == pk)


def all_server_patients(conn: sa.Connection) -> list[ServerPatient]:
    """All of them, in the order in which they were made (two statements)."""
    return _some(conn, sa.true())


def read_person(conn: sa.Connection, given: Mapping[str, Any], group: Group) -> PatientDetails:
    """Read and check a new patient's details (`idnum<n>` for ID numbers).

    There must be an ID number, all must be valid, and the group's finalize policy be satisfied. Raises
    `Problem`.
    """
    known = definitions(conn)
    try:
        person = read_details(given, known)
        if person.details.get("sex") is None:
            raise DetailRefused("sex is needed")
        if not person.idnums:
            raise DetailRefused("an ID number is needed")
        for which, value in person.idnums.items():
            if reason := why_invalid(known[which].validation_method, value):
                raise DetailRefused(f"idnum{which}: {reason}")
        for name, length in _LENGTHS.items():
            if len(str(person.details.get(name) or "")) > length:
                raise DetailRefused(f"{name} is longer than {length} characters")
    except DetailRefused as refused:
        raise Problem(SERVER_PATIENT_REFUSED, reason=refused) from None
    policy = parse_policy(group.finalize_policy)
    if not policy.satisfied_by(person.items):
        reason = f"the finalize policy of group {group.name} ({policy.text}) asks for more"
        raise Problem(SERVER_PATIENT_REFUSED, reason=reason)
    return person


def create_patient(
    conn: sa.Connection,
    person: PatientDetails,
    *,
    group_id: int,
    user_id: int,
    now: dt.datetime,
) -> ServerPatient:
    """Store a new patient with ID numbers, and index them. `now` is UTC without a zone."""
    device = conn.execute(
        sa.select(devices.c.id).where(devices.c.name == SERVER_DEVICE).with_for_update()
    ).scalar_one()
    lifecycle = {
        "_device_id": device,
        "_era": NOW,
        "_current": True,
        "_group_id": group_id,
        "_adding_user_id": user_id,
        "_when_added_exact": iso_text(now),
        "_when_added_batch_utc": now,
        "_camcops_version": TABLET_COMPATIBLE_VERSION,
        "_removal_pending": False,
        "_move_off_tablet": False,
        "when_last_modified": iso_text(now),
    }
    made = ServerPatient(0, uuid.uuid4().hex, group_id, person)
    key = _next_key(conn, patient, device)
    details = {name: person.details.get(name) for name in DETAILS}
    row = {**lifecycle, **details, "id": key, "uuid": made.uuid}
    pk = new_key(conn.execute(patient.insert().values(row)))
    conn.execute(patient_index.insert().values(entry(pk, row["surname"], row["forename"])))
    first = _next_key(conn, patient_idnum, device)
    for number, (which, value) in enumerate(person.idnums.items(), start=first):
        values = {"id": number, "patient_id": key, "which_idnum": which, "idnum_value": value}
        idnum_pk = new_key(conn.execute(patient_idnum.insert().values({**lifecycle, **values})))
        conn.execute(
            idnum_index.insert().values(
                idnum_pk=idnum_pk,
                indexed_at_utc=now,
                patient_pk=pk,
                which_idnum=which,
                idnum_value=value,
            )
        )
    live_tables.add(conn, device, TABLES - live_tables.of_device(conn, device))
    return ServerPatient(pk, made.uuid, group_id, person)


def renew_key(conn: sa.Connection, found: ServerPatient) -> ServerPatient:
    """Give a patient another access key; the present one is worth nothing from now on."""
    new = uuid.uuid4().hex
    conn.execute(patient.update().where(patient.c._pk == found.pk).values(uuid=new))
    return ServerPatient(found.pk, new, found.group_id, found.person)


_LENGTHS = {
    column.name: column.type.length
    for column in patient.columns
    if column.name in DETAILS and isinstance(column.type, sa.String) and column.type.length
}


def _one(conn: sa.Connection, condition: sa.ColumnElement[bool]) -> ServerPatient | None:
    found = _some(conn, condition)
    return found[0] if found else None


def _some(conn: sa.Connection, condition: sa.ColumnElement[bool]) -> list[ServerPatient]:
    columns = patient.c
    details = (columns[name] for name in DETAILS)
    rows = conn.execute(
        sa.select(columns._pk, columns.id, columns.uuid, columns._group_id, *details)
        .join(devices, devices.c.id == columns._device_id)
        .where(
            devices.c.name == SERVER_DEVICE,
            columns._era == NOW,
            columns._current,
            columns.uuid.is_not(None),
            condition,
        )
        .order_by(columns._pk)
    )
    found = [dict(row) for row in rows.mappings()]
    numbers = _numbers(conn, [row["id"] for row in found]) if found else {}
    return [
        ServerPatient(
            row["_pk"],
            row["uuid"],
            row["_group_id"],
            details_of_row(row, numbers.get(row["id"], {})),
        )
        for row in found
    ]


def _numbers(conn: sa.Connection, keys: Sequence[int]) -> dict[int, dict[int, int]]:
    """ID numbers by type, by the patient's key on the pseudo-device; the types in order."""
    columns = patient_idnum.c
    theirs = columns.patient_id == keys[0] if len(keys) == 1 else sa.true()
    rows = conn.execute(
        sa.select(columns.patient_id, columns.which_idnum, columns.idnum_value)
        .join(devices, devices.c.id == columns._device_id)
        .where(
            devices.c.name == SERVER_DEVICE,
            columns._era == NOW,
            columns._current,
            columns.idnum_value.is_not(None),
            theirs,
        )
        .order_by(columns.which_idnum, columns._pk)
    )
    found: dict[int, dict[int, int]] = {}
    for key, which, value in rows:
        found.setdefault(key, {})[which] = value
    return found


def _next_key(conn: sa.Connection, table: sa.Table, device: int) -> int:
    highest = conn.scalar(
        sa.select(sa.func.max(table.c.id)).where(table.c._device_id == device, table.c._era == NOW)
    )
    return (highest or 0) + 1
