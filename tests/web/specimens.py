# SPDX-License-Identifier: GPL-3.0-or-later
"""A site with users, patients and tasks to look at; stored directly, as uploads leave them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import sqlalchemy as sa

from camcops.accounts.groups import create_group
from camcops.accounts.permissions import Permission
from camcops.accounts.users import add_membership, create_user
from camcops.db.database import Database
from camcops.db.patient_names import entry
from camcops.db.schema import (
    blobs,
    idnum_definitions,
    idnum_index,
    patient,
    patient_idnum,
    patient_index,
    task_index,
    task_scores,
)

PASSWORD = "correct horse battery"
SERVER_DEVICE = 1
READER_FLAGS = (Permission.MAY_USE_WEBVIEWER, Permission.VIEW_ALL_PATIENTS_WHEN_UNFILTERED)
UPLOADED = dt.datetime(2026, 7, 7, 15, 0)  # noqa: DTZ001 - stored without zone
ERA = "2026-07-07T15:00:00.000000+00:00"

_client_keys = count(1)


@dataclass(frozen=True)
class People:
    """Numbers of two groups that do not see each other, and of the users made."""

    liaison: int
    perinatal: int
    annie: int


def make_people(database: Database) -> People:
    """Users: annie (reads liaison), bob (reads perinatal), narrow (liaison, only by patient), lonely (no
    group), newcomer (must set a password), tablet (uploads only), root (superuser); all with PASSWORD."""

    def work(conn: sa.Connection) -> People:
        liaison = create_group(conn, name="liaison", upload_policy="sex", finalize_policy="sex")
        perinatal = create_group(conn, name="perinatal", upload_policy="sex", finalize_policy="sex")
        annie = create_user(conn, username="annie", password=PASSWORD, fullname="Dr Annie Smith")
        add_membership(conn, annie, liaison, READER_FLAGS)
        bob = create_user(conn, username="bob", password=PASSWORD)
        add_membership(conn, bob, perinatal, READER_FLAGS)
        narrow = create_user(conn, username="narrow", password=PASSWORD)
        add_membership(conn, narrow, liaison, [Permission.MAY_USE_WEBVIEWER])
        newcomer = create_user(
            conn, username="newcomer", password=PASSWORD, must_change_password=True
        )
        add_membership(conn, newcomer, liaison, READER_FLAGS)
        tablet = create_user(conn, username="tablet", password=PASSWORD)
        add_membership(conn, tablet, liaison, [Permission.MAY_UPLOAD])
        create_user(conn, username="root", password=PASSWORD, superuser=True)
        create_user(conn, username="lonely", password=PASSWORD)
        conn.execute(
            idnum_definitions.insert(),
            [
                {
                    "which_idnum": 1,
                    "description": "NHS number",
                    "short_description": "NHS",
                    "validation_method": "uk_nhs_number",
                },
                {
                    "which_idnum": 2,
                    "description": "RiO number",
                    "short_description": "RiO",
                    "validation_method": "",
                },
            ],
        )
        return People(liaison, perinatal, annie)

    return database.write(work)


def lifecycle(group_id: int, key: int, *, live: bool = False) -> dict[str, Any]:
    """The bookkeeping columns of a current row."""
    return {
        "id": key,
        "_device_id": SERVER_DEVICE,
        "_era": "NOW" if live else ERA,
        "_current": True,
        "_when_added_exact": UPLOADED.replace(tzinfo=dt.UTC).isoformat(),
        "_when_added_batch_utc": UPLOADED,
        "_adding_user_id": 1,
        "_camcops_version": "2.4.23",
        "_addition_pending": False,
        "_removal_pending": False,
        "_group_id": group_id,
        "_forcibly_preserved": False,
        "_manually_erased": False,
        "when_last_modified": "2026-07-07T14:20:00.000000+01:00",
    }


def store_patient(
    database: Database,
    group_id: int,
    surname: str,
    forename: str,
    *,
    dob: dt.date | None = dt.date(1970, 7, 7),
    sex: str = "F",
    idnums: Mapping[int, int] | None = None,
) -> tuple[int, int]:
    """Store a patient with ID numbers; the tablet's key and the server's."""
    key = next(_client_keys)

    def work(conn: sa.Connection) -> int:
        named = {"surname": surname, "forename": forename, "dob": dob, "sex": sex}
        row = lifecycle(group_id, key) | named
        pk = int(conn.execute(patient.insert().values(row)).inserted_primary_key[0])
        conn.execute(patient_index.insert().values(entry(pk, surname, forename)))
        for which, value in (idnums or {}).items():
            number = {"patient_id": key, "which_idnum": which, "idnum_value": value}
            stored = lifecycle(group_id, next(_client_keys)) | number
            made = conn.execute(patient_idnum.insert().values(stored))
            conn.execute(
                idnum_index.insert().values(
                    idnum_pk=made.inserted_primary_key[0],
                    indexed_at_utc=UPLOADED,
                    patient_pk=pk,
                    which_idnum=which,
                    idnum_value=value,
                )
            )
        return pk

    return key, database.write(work)


def store_task(
    database: Database,
    group_id: int,
    table: str,
    who: tuple[int, int] | None,
    fields: Mapping[str, Any],
    *,
    created: str = "2026-07-07T14:05:00.000000+01:00",
    live: bool = False,
    complete: bool = True,
    valid: bool = True,
    alert: bool = False,
) -> int:
    """Store a task about a patient (or nobody), with its entry in the index and a mark of its state."""
    key = next(_client_keys)
    moment = dt.datetime.fromisoformat(created)

    def work(conn: sa.Connection) -> int:
        row = lifecycle(group_id, key, live=live) | {"when_created": created, **fields}
        if who is not None:
            row["patient_id"] = who[0]
        made = conn.execute(database.tables[table].table.insert().values(row))
        pk = int(made.inserted_primary_key[0])
        conn.execute(
            task_index.insert().values(
                indexed_at_utc=UPLOADED,
                task_table_name=table,
                task_pk=pk,
                patient_pk=who[1] if who else None,
                device_id=SERVER_DEVICE,
                era=row["_era"],
                when_created_utc=moment.astimezone(dt.UTC).replace(tzinfo=None),
                when_created_iso=created,
                when_added_batch_utc=UPLOADED,
                adding_user_id=1,
                group_id=group_id,
                task_is_complete=complete,
            )
        )
        conn.execute(
            task_scores.insert().values(
                task_table_name=table,
                task_pk=pk,
                rules_hash="outdated",
                is_complete=complete,
                is_valid=valid,
                has_alert=alert,
                results="{}",
            )
        )
        return pk

    return database.write(work)


def store_picture(
    database: Database,
    group_id: int,
    table: str,
    key: int,
    field: str,
    content: bytes,
    mimetype: str,
) -> tuple[int, int]:
    """Store a BLOB of the task whose tablet's key is `key`; the tablet's key of the BLOB and the server's."""
    own = next(_client_keys)

    def work(conn: sa.Connection) -> int:
        row = lifecycle(group_id, own) | {
            "tablename": table,
            "tablepk": key,
            "fieldname": field,
            "mimetype": mimetype,
            "image_rotation_deg_cw": 0,
            "theblob": content,
        }
        return int(conn.execute(blobs.insert().values(row)).inserted_primary_key[0])

    return own, database.write(work)


PHQ9 = {f"q{number}": number % 4 for number in range(1, 10)} | {"q10": 1}
"""Answers to a complete PHQ-9."""

NAMES = (
    ("Abernathy", "Grace"),
    ("Wolfeschlegelsteinhausenbergerdorff-Montague-Douglas-Scott", "Maximiliana Wilhelmina"),
    ("الزهراء", "فاطمة"),
    ("לוי", "שרה"),
    ("চট্টোপাধ্যায়", "রবীন্দ্র"),
    ("O'Brien", "Kofi <b>Emeka</b>"),
)
"""Surnames and forenames: plain, very long, from right to left, of another script, like markup."""


def store_many(database: Database, people: People, rounds: int = 5) -> None:
    """Many tasks of several instruments and states, for looking at a list."""
    for number in range(rounds):
        for place, (surname, forename) in enumerate(NAMES):
            who = store_patient(
                database,
                people.liaison,
                surname,
                forename,
                idnums={1: 9434765919, 2: 12345 + place},
            )
            created = f"2026-0{1 + number % 9}-1{place}T14:0{number % 9}:00.000000+01:00"
            store_task(
                database,
                people.liaison,
                ("phq9", "gad7", "wsas")[place % 3],
                who,
                {"q1": place % 4} if place % 3 else PHQ9,
                created=created,
                live=place == 2,
                complete=place != 1,
                valid=place != 4,
                alert=place == 0,
            )
