# SPDX-License-Identifier: GPL-3.0-or-later
"""That a database was taken over from CamCOPS 2.4, and what had to be put right in it."""

from sqlalchemy import Column, DateTime, Integer, String, Table, Text

from camcops.db.schema.metadata import TABLE_OPTIONS, metadata
from camcops.db.types import BigKey

# One row in a database that CamCOPS 2.4 made, none in one of our own.
adoption = Table(
    "_adoption",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("upstream_revision", String(32), nullable=False),
    Column("begun_at_utc", DateTime, nullable=False),
    Column("adopted_at_utc", DateTime),
    Column("final_at_utc", DateTime),
    **TABLE_OPTIONS,
)

# Each row of CamCOPS 2.4's that was altered, and why.
adoption_repairs = Table(
    "_adoption_repairs",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("repaired_at_utc", DateTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("table_name", String(128), nullable=False),
    Column("device_id", Integer),
    Column("server_pk", Integer),
    Column("details", Text, nullable=False),
    **TABLE_OPTIONS,
)
