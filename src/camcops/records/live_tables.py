# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tables a device has live rows in: what lets an upload leave all other tables alone.

An entry means that the device has, or may have, rows in era NOW of that table, current or not.
"""

from collections.abc import Collection

import sqlalchemy as sa

from camcops.db import rows
from camcops.db.database import Database
from camcops.db.schema import device_tables
from camcops.records.lifecycle import NOW


def of_device(conn: sa.Connection, device_id: int) -> frozenset[str]:
    """The tables that have an entry for a device."""
    named = sa.select(device_tables.c.tablename).where(device_tables.c.device_id == device_id)
    return frozenset(conn.scalars(named))


def add(conn: sa.Connection, device_id: int, names: Collection[str]) -> None:
    """Enter tables that have no entry yet."""
    if names:
        entries = [{"tablename": name} for name in sorted(names)]
        rows.insert(conn, device_tables, entries, common={"device_id": device_id})


def remove(conn: sa.Connection, device_id: int, names: Collection[str]) -> None:
    """Strike out tables in which the device has nothing left in era NOW."""
    if names:
        conn.execute(
            device_tables.delete().where(
                device_tables.c.device_id == device_id, device_tables.c.tablename.in_(sorted(names))
            )
        )


def rebuild(conn: sa.Connection, database: Database) -> None:
    """Find out anew, from the tables themselves, for all devices."""
    conn.execute(device_tables.delete())
    for name, table in database.tables.items():
        columns = table.table.c
        conn.execute(
            device_tables.insert().from_select(
                ["device_id", "tablename"],
                sa.select(columns._device_id, sa.literal(name))
                .where(columns._era == NOW)
                .distinct(),
            )
        )
