# SPDX-License-Identifier: GPL-3.0-or-later
"""What binds a patient's own account: to its patient, and to the device that it was made for.

Whoever holds an access key gets an account. It must not let them write into other people's records: not by
sending another patient, nor by attaching tasks to one who is on the device already, nor by posing as a
device of the clinic. Accounts of staff are not bound.
"""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from camcops.accounts.single_patient import is_for_device
from camcops.accounts.users import User
from camcops.db.client_tables import ClientTable
from camcops.db.schema import patient, task_index, users
from camcops.problems import (
    ANOTHER_DEVICE,
    ANOTHER_PATIENT,
    DEVICE_HOLDS_OTHERS,
    PATIENT_GONE,
    Problem,
)
from camcops.records.lifecycle import NOW, era_text
from camcops.records.patient_details import PatientDetails, details_of_row
from camcops.schedules.server_patients import ServerPatient, find_by_pk
from camcops.tablet_api.batches import Device
from camcops.tablet_api.incoming import IncomingTable, Record
from camcops.tablet_api.row_writing import Upload

_BOUND_KINDS = ("patient", "idnum")


def check_device_name(user: User, device_name: str) -> None:
    """Raise `Problem` if a patient's account is used from another device than its own."""
    if user.auto_generated and not is_for_device(user, device_name):
        raise Problem(ANOTHER_DEVICE)


def check_described(conn: sa.Connection, user: User, described: Iterable[PatientDetails]) -> None:
    """Raise `Problem` unless a patient's account describes its own patient, exactly as the server has it."""
    if not user.auto_generated:
        return
    own = _own(conn, user).person
    if not all(one.same_as(own) for one in described):
        raise Problem(ANOTHER_PATIENT, what="the patient")


def check_records(
    conn: sa.Connection, user: User, table: ClientTable, records: Mapping[int, Record]
) -> None:
    """Raise `Problem` if a patient's account sends details or ID numbers of somebody else."""
    if not user.auto_generated or table.kind not in _BOUND_KINDS or not records:
        return
    own = _own(conn, user).person
    for record in records.values():
        values = record.values
        if table.kind == "patient":
            if not details_of_row(values, own.idnums).same_as(own):
                raise Problem(ANOTHER_PATIENT, what="the patient")
        elif (values.get("which_idnum"), values.get("idnum_value")) not in own.idnums.items():
            raise Problem(ANOTHER_PATIENT, what="an ID number")


def check_all_records(
    conn: sa.Connection, user: User, incoming: Mapping[str, IncomingTable]
) -> None:
    """The same for all tables of an upload in one request."""
    for one in incoming.values():
        check_records(conn, user, one.table, one.records)


def check_beginning(conn: sa.Connection, user: User, device: Device) -> None:
    """Raise `Problem` if a patient's account begins an upload that it may not make on this device."""
    if user.auto_generated:
        _own(conn, user)
        check_free_of_staff(conn, device)


def check_free_of_staff(conn: sa.Connection, device: Device) -> None:
    """Raise `Problem` if a device that is to be a patient's own has live records that staff uploaded.

    An upload would delete them, since the patient's app does not have them.
    """
    people, tasks = patient.c, task_index.c
    adding = sa.union_all(
        sa.select(people._adding_user_id).where(
            people._device_id == device.id, people._era == NOW, people._current
        ),
        sa.select(tasks.adding_user_id).where(tasks.device_id == device.id, tasks.era == NOW),
    ).subquery()
    patients_own = sa.select(users.c.id).where(users.c.auto_generated)
    others = sa.select(sa.literal(1)).where(adding.c[0].not_in(patients_own)).limit(1)
    if conn.execute(others).first() is not None:
        raise Problem(DEVICE_HOLDS_OTHERS)


def check_outcome(upload: Upload) -> None:
    """Raise `Problem` if, after a patient's upload, a patient stays current that another account brought.

    Tasks of the upload may have been attached to that one.
    """
    if not upload.user.auto_generated:
        return
    columns = patient.c
    own = sa.select(users.c.id).where(users.c.single_patient_pk == upload.user.single_patient_pk)
    others = sa.select(sa.literal(1)).where(
        columns._device_id == upload.device.id,
        columns._era.in_([NOW, era_text(upload.batch)]),
        columns._current,
        columns._adding_user_id.not_in(own),
    )
    if upload.conn.execute(others.limit(1)).first() is not None:
        raise Problem(ANOTHER_PATIENT, what="a patient")


def _own(conn: sa.Connection, user: User) -> ServerPatient:
    pk = user.single_patient_pk
    found = None if pk is None else find_by_pk(conn, pk)
    if found is None:
        raise Problem(PATIENT_GONE)
    return found
