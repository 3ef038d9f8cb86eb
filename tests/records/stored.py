# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting stored records into a database directly: any version, any group."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from camcops.accounts.groups import create_group
from camcops.accounts.permissions import Permission
from camcops.accounts.users import User, add_membership, load_user
from camcops.db.database import Database
from camcops.db.keys import new_key
from camcops.db.schema import idnum_definitions, users
from camcops.records.reindex import rebuild

DEVICE = 1


def utc(year: int, month: int, day: int, hour: int = 0) -> dt.datetime:
    """An instant as DATETIME columns hold it."""
    return dt.datetime(year, month, day, hour, tzinfo=dt.UTC).replace(tzinfo=None)


def batch(number: int) -> dt.datetime:
    """The time of the n-th upload."""
    return utc(2026, 5, 1, 9) + dt.timedelta(days=number)


def add(database: Database, table: str, *, key: int = 1, group: int, **values: Any) -> int:
    """Insert one current row, added by the first upload, in era NOW unless said otherwise; its server key."""
    kept = database.tables[table].table
    content = {
        "_device_id": DEVICE,
        "_era": "NOW",
        "_current": True,
        "_when_added_batch_utc": batch(1),
        "_addition_pending": False,
        "_removal_pending": False,
        "_group_id": group,
        "id": key,
        "when_last_modified": "2026-05-01T10:00:00.000000+01:00",
        **(
            {"when_created": "2026-05-01T10:00:00.000000+01:00"} if "when_created" in kept.c else {}
        ),
        **values,
    }
    return database.write(lambda conn: new_key(conn.execute(kept.insert().values(content))))


def add_group(database: Database, name: str) -> int:
    return database.write(lambda conn: create_group(conn, name=name))


def add_user(
    database: Database,
    name: str,
    groups: dict[int, set[Permission]] | None = None,
    *,
    superuser: bool = False,
) -> User:
    """A user with these memberships; passwords are left out, as hashing takes time."""

    def work(conn: sa.Connection) -> int:
        inserted = conn.execute(
            users.insert().values(username=name, hashedpw="!", superuser=superuser)
        )
        user_id = new_key(inserted)
        for group, flags in (groups or {}).items():
            add_membership(conn, user_id, group, flags)
        return user_id

    user_id = database.write(work)
    user = database.read(lambda conn: load_user(conn, user_id))
    assert user is not None
    return user


def define_idnums(database: Database) -> None:
    """Type 1: NHS number, validated; type 2: study number."""
    rows = [
        {
            "which_idnum": 1,
            "description": "NHS number",
            "short_description": "NHS",
            "validation_method": "uk_nhs_number",
        },
        {
            "which_idnum": 2,
            "description": "Study number",
            "short_description": "Study",
            "validation_method": "",
        },
    ]
    database.write(lambda conn: conn.execute(idnum_definitions.insert(), rows))


def index(database: Database) -> None:
    """Build indexes and scores from the records."""
    database.write(lambda conn: rebuild(database, conn, lambda _name, _count: None))


def add_patient(database: Database, group: int, **more: Any) -> int:
    values = {"surname": "O'Brien", "forename": "Zoë", "sex": "F", "dob": dt.date(1980, 2, 29)}
    return add(database, "patient", group=group, **{**values, **more})


def picture_task(database: Database, group: int) -> int:
    """A sequence of two pictures, sent in another order than theirs."""
    add_patient(database, group)
    for key, content, turn in ((31, b"\x89PNG one", 90), (32, b"\x00\xff two", None)):
        add(
            database,
            "blobs",
            key=key,
            group=group,
            tablename="photosequence_photos",
            tablepk=key - 20,
            fieldname="photo_blobid",
            mimetype="image/png",
            image_rotation_deg_cw=turn,
            theblob=content,
        )
    for key, number in ((11, 2), (12, 1)):
        add(
            database,
            "photosequence_photos",
            key=key,
            group=group,
            photosequence_id=1,
            seqnum=number,
            photo_blobid=key + 20,
            description=f"picture {number}",
        )
    return add(database, "photosequence", group=group, patient_id=1, sequence_description="two")
