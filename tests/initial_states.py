# SPDX-License-Identifier: GPL-3.0-or-later
"""The two states that a database is in before recorded exchanges with tablets begin."""

import datetime as dt

import sqlalchemy as sa

from camcops.accounts.groups import create_group
from camcops.accounts.permissions import Permission
from camcops.accounts.users import add_membership, create_user
from camcops.db.database import Database
from camcops.db.keys import new_key
from camcops.db.schema import (
    device_tables,
    devices,
    groups,
    idnum_definitions,
    ip_use,
    patient,
    patient_idnum,
    patient_task_schedules,
    server_settings,
    task_schedule_items,
    task_schedules,
)
from camcops.records import idnum_index, patient_index
from camcops.records.lifecycle import NOW, SERVER_DEVICE, iso_text

PASSWORD = "tablet-Pw-123456"
ADMIN_PASSWORD = "Camcops-Adm1n-pw"
SINGLE_PATIENT_UUID = "31f591de8f6c4b9f9f7e0d2f7c6f2a01"

_UPLOADER = (Permission.MAY_UPLOAD, Permission.MAY_USE_WEBVIEWER)
_REGISTRAR = (Permission.MAY_UPLOAD, Permission.MAY_REGISTER_DEVICES)


def make_tablet_state(database: Database) -> None:
    """Before `tablet_*.jsonl`: group g1, users `tablet` and `uploader`, three types of ID number."""

    def make(conn: sa.Connection) -> None:
        _title(conn, "Client test server")
        _id_types(conn, ("NHS number", "NHS"), ("RiO number", "RiO"), ("Study number", "Study"))
        group = create_group(
            conn,
            name="g1",
            description="Group 1",
            upload_policy="sex AND anyidnum",
            finalize_policy="forename AND surname AND dob AND sex AND idnum2",
        )
        registrar = (*_UPLOADER, Permission.MAY_REGISTER_DEVICES)
        _user(conn, "tablet", "tablet-pw-1", group, registrar)
        _user(conn, "uploader", "uploader-pw-1", group, _UPLOADER)

    database.write(make)


def make_scripted_state(database: Database) -> None:
    """Before `scripted_session.jsonl`: two groups, seven users, one patient made on the server."""

    def make(conn: sa.Connection) -> None:
        _title(conn, "Upstream trace DB")
        _id_types(conn, ("NHS number", "NHS#"), ("Study number", "Study"), ("RiO number", "RiO"))
        clinic = create_group(
            conn,
            name="clinic",
            description="Clinic",
            upload_policy="sex AND (forename OR surname OR anyidnum)",
            finalize_policy="sex AND dob AND forename AND surname AND idnum1",
        )
        research = create_group(
            conn,
            name="research",
            description="Research",
            upload_policy="sex AND anyidnum",
            finalize_policy="sex AND idnum2",
        )
        everything = (
            *_REGISTRAR,
            Permission.MAY_USE_WEBVIEWER,
            Permission.MAY_DUMP_DATA,
            Permission.VIEW_ALL_PATIENTS_WHEN_UNFILTERED,
        )
        admin = create_user(conn, username="admin", password=ADMIN_PASSWORD, superuser=True)
        _user(conn, "tablet", PASSWORD, clinic, everything)
        _user(conn, "tablet2", PASSWORD, research, _REGISTRAR)
        _user(conn, "noregister", PASSWORD, clinic, (Permission.MAY_UPLOAD,))
        no_upload = (Permission.MAY_REGISTER_DEVICES, Permission.MAY_USE_WEBVIEWER)
        _user(conn, "noupload", PASSWORD, clinic, no_upload)
        _user(conn, "nogroup", PASSWORD, None, ())
        _server_patient(conn, clinic, admin)
        _use(conn, clinic, clinical=True, research=True)
        _weekly_schedule(conn, clinic)

    database.write(make)


def _title(conn: sa.Connection, title: str) -> None:
    conn.execute(server_settings.update().values(database_title=title))


def _id_types(conn: sa.Connection, *names: tuple[str, str]) -> None:
    for which, (description, short) in enumerate(names, start=1):
        conn.execute(
            idnum_definitions.insert().values(
                which_idnum=which,
                description=description,
                short_description=short,
                validation_method="uk_nhs_number" if which == 1 else "",
            )
        )


def _user(
    conn: sa.Connection,
    name: str,
    password: str,
    group: int | None,
    flags: tuple[Permission, ...],
) -> None:
    user_id = create_user(conn, username=name, password=password, upload_group_id=group)
    if group is not None:
        add_membership(conn, user_id, group, flags)


def _server_patient(conn: sa.Connection, group: int, user: int) -> None:
    device = conn.scalar(sa.select(devices.c.id).where(devices.c.name == SERVER_DEVICE))
    added = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    lifecycle = {
        "_device_id": device,
        "_era": NOW,
        "_current": True,
        "_group_id": group,
        "_adding_user_id": user,
        "_when_added_exact": iso_text(added),
        "_when_added_batch_utc": added.replace(tzinfo=None),
        "_camcops_version": "2.4.24",
        "_move_off_tablet": False,
        "id": 1,
    }
    details = {
        "uuid": SINGLE_PATIENT_UUID,
        "forename": "Single",
        "surname": "Patient",
        "sex": "F",
        "dob": dt.date(1970, 7, 8),
        "email": "single@example.com",
    }
    conn.execute(patient.insert().values(**lifecycle, **details))
    number = {"patient_id": 1, "which_idnum": 3, "idnum_value": 777}
    conn.execute(patient_idnum.insert().values(**lifecycle, **number))
    idnum_index.rebuild(conn, now=added.replace(tzinfo=None))
    patient_index.rebuild(conn)
    conn.execute(
        device_tables.insert(),
        [{"device_id": device, "tablename": name} for name in ("patient", "patient_idnum")],
    )


def _use(conn: sa.Connection, group: int, **uses: bool) -> None:
    made = new_key(conn.execute(ip_use.insert().values(**uses)))
    conn.execute(groups.update().where(groups.c.id == group).values(ip_use_id=made))


def _weekly_schedule(conn: sa.Connection, group: int) -> None:
    """Schedule "Weekly" of the patient who was made on the server, as CamCOPS 2.4 stores it."""
    schedule = new_key(conn.execute(task_schedules.insert().values(group_id=group, name="Weekly")))
    for table, due_from, due_by in (
        ("phq9", "P0Y0MT0.0S", "P0Y0MT604800.0S"),
        ("gad7", "P0Y0MT604800.0S", "P0Y0MT1209600.0S"),
        ("apeqpt", "P0Y0MT0.0S", "P0Y0MT2419200.0S"),
    ):
        conn.execute(
            task_schedule_items.insert().values(
                schedule_id=schedule, task_table_name=table, due_from=due_from, due_by=due_by
            )
        )
    conn.execute(
        patient_task_schedules.insert().values(
            patient_pk=conn.scalar(sa.select(patient.c._pk)),
            schedule_id=schedule,
            start_datetime="2026-11-01T00:00:00.000000+00:00",
            settings='{"phq9": {"x": 1}}',
        )
    )
