# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit trails to seal and to tamper with."""

from collections.abc import Iterable

import sqlalchemy as sa

from camcops.audit import AuditTrail, key_id
from camcops.audit.seals import Seal, seal_next
from camcops.audit.verifying import Verification, verify_trail
from camcops.db.database import Database
from camcops.db.schema import audit

KEY = b"a key of thirty-two bytes or so."
KEYS = {key_id(KEY): KEY}
TRAIL = AuditTrail(KEY)


def write(database: Database, count: int) -> None:
    """Rows as the program writes them."""

    def work(conn: sa.Connection) -> None:
        for number in range(count):
            TRAIL.record(
                conn,
                source=("tablet", "webviewer", "console")[number % 3],
                table_name="phq9" if number % 2 else None,
                server_pk=number,
                details=f"act {number}",
            )

    database.write(work)


def seal_all(database: Database) -> list[Seal]:
    """Seal all there is."""
    seals = []
    while (seal := seal_next(database, KEY)) is not None:
        seals.append(seal)
    return seals


def verify(database: Database, outside: Iterable[Seal] = ()) -> Verification:
    return database.read(lambda conn: verify_trail(conn, KEYS, outside=outside))


def ids(database: Database) -> list[int]:
    query = sa.select(audit.c.id).order_by(audit.c.id)
    return database.read(lambda conn: list(conn.scalars(query)))
