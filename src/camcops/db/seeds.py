# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows that every database has: its title, the user `system`, the pseudo-device `server`."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import camcops
from camcops.db.instants import utc_now
from camcops.db.schema import devices, server_settings, upstream_revision, users

DATABASE_TITLE_UNSET = "DATABASE_TITLE_UNSET"
SERVER_SETTINGS_ID = 1

SYSTEM_USERNAME = "system"
"""For what the server does by itself; nobody can log in by this name."""

SERVER_DEVICE_NAME = "server"
"""The device of patients that are created on the server."""

UPSTREAM_REVISION = "0087"
"""The newest revision of CamCOPS 2.4, whose tables and columns a new database holds."""


def seed(connection: Connection) -> None:
    """Add those that are missing; change none that is there."""
    _add(connection, upstream_revision, {}, version_num=UPSTREAM_REVISION)
    _add(
        connection,
        server_settings,
        {"id": SERVER_SETTINGS_ID},
        database_title=DATABASE_TITLE_UNSET,
    )
    _add(
        connection,
        users,
        {"username": SYSTEM_USERNAME},
        fullname="CamCOPS system user",
        hashedpw="",
        superuser=True,
        must_change_password=False,
        auto_generated=False,
    )
    system_id = connection.execute(
        sa.select(users.c.id).where(users.c.username == SYSTEM_USERNAME)
    ).scalar_one()
    _add(
        connection,
        devices,
        {"name": SERVER_DEVICE_NAME},
        registered_by_user_id=system_id,
        when_registered_utc=utc_now(),
        friendly_name="CamCOPS server",
        camcops_version=camcops.__version__,
        currently_preserving=False,
    )


def _add(connection: Connection, table: sa.Table, key: dict[str, Any], **values: Any) -> None:
    """Insert a row unless one with that key is there (any row, for an empty key)."""
    present = sa.select(sa.literal(1)).select_from(table).filter_by(**key).limit(1)
    if connection.execute(present).first() is None:
        connection.execute(sa.insert(table).values(**key, **values))
