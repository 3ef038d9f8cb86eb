# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a database that was taken over from CamCOPS 2.4."""

from alembic import op
from sqlalchemy import Column, DateTime, Integer, String, Text

from camcops.db.schema.metadata import TABLE_OPTIONS
from camcops.db.types import BigKey

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "_adoption",
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("upstream_revision", String(32), nullable=False),
        Column("begun_at_utc", DateTime, nullable=False),
        Column("adopted_at_utc", DateTime),
        Column("final_at_utc", DateTime),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_adoption_repairs",
        Column("id", BigKey, primary_key=True),
        Column("repaired_at_utc", DateTime, nullable=False),
        Column("kind", String(32), nullable=False),
        Column("table_name", String(128), nullable=False),
        Column("device_id", Integer),
        Column("server_pk", Integer),
        Column("details", Text, nullable=False),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
