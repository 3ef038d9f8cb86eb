# SPDX-License-Identifier: GPL-3.0-or-later
"""What the back ends of these tests serve: the group of the recorded tablets, and a reader with tasks."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from camcops.accounts.users import add_membership, create_user
from camcops.db.database import Database
from camcops.db.schema import audit, groups
from tests.initial_states import make_tablet_state
from tests.web.specimens import (
    PASSWORD,
    PHQ9,
    READER_FLAGS,
    People,
    store_many,
    store_patient,
    store_picture,
    store_task,
)

READER = "annie"
NEWCOMER = "newcomer"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c63f80f0001010100b138f6140000000049454e44ae426082"
)
"""A picture (PNG)."""


@dataclass(frozen=True)
class Contents:
    """Keys of what a reader can open."""

    phq9: int
    photo: int
    picture: int


def furnish(database: Database) -> Contents:
    """The state in which recorded tablets find the server; users READER and NEWCOMER; tasks and a picture."""
    make_tablet_state(database)

    def people(conn: sa.Connection) -> int:
        group = conn.scalars(sa.select(groups.c.id).where(groups.c.name == "g1")).one()
        for name in (READER, NEWCOMER):
            changes = name == NEWCOMER
            user = create_user(conn, username=name, password=PASSWORD, must_change_password=changes)
            add_membership(conn, user, group, READER_FLAGS)
        return int(group)

    group = database.write(people)
    store_many(database, People(group, group, 1), rounds=5)
    who = store_patient(database, group, "Okafor", "Ngozi", dob=dt.date(1970, 7, 7))
    phq9 = store_task(database, group, "phq9", who, PHQ9)
    photo = store_task(database, group, "photo", who, {"description": "Left hand"})
    table = database.tables["photo"].table
    own = table.c._pk == photo
    key = database.read(lambda conn: conn.scalars(sa.select(table.c.id).where(own)).one())
    shown, picture = store_picture(
        database, group, "photo", key, "photo_blobid", PIXEL, "image/png"
    )
    change = table.update().where(own).values(photo_blobid=shown)
    database.write(lambda conn: conn.execute(change))
    return Contents(phq9, photo, picture)


def newest_audit(database: Database, beginning: str) -> str:
    """The address of the newest row of the audit trail whose details begin so."""
    query = (
        sa.select(audit.c.remote_addr)
        .where(audit.c.details.startswith(beginning))
        .order_by(audit.c.id.desc())
        .limit(1)
    )
    return str(database.read(lambda conn: conn.scalars(query).one()))
