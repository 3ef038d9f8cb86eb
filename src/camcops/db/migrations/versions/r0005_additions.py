# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables that CamCOPS 2.4 has not, and its revision table, where other programs look for it."""

from alembic import op
from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, String, Text

from camcops.db.schema.metadata import LINK_OPTIONS, TABLE_OPTIONS
from camcops.db.types import BigKey, LongText

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "_device_tables",
        Column("device_id", Integer, ForeignKey("_security_devices.id"), primary_key=True),
        Column("tablename", String(128), primary_key=True),
        **LINK_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_task_scores",
        Column("task_table_name", String(128), primary_key=True),
        Column("task_pk", Integer, primary_key=True, autoincrement=False),
        Column("rules_hash", String(64), nullable=False),
        Column("is_complete", Boolean, nullable=False),
        Column("is_valid", Boolean, nullable=False),
        Column("has_alert", Boolean, nullable=False),
        Column("results", LongText, nullable=False),
        **LINK_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_outbox",
        Column("id", BigKey, primary_key=True),
        Column("created_at_utc", DateTime, nullable=False),
        Column("kind", String(32), nullable=False),
        Column("table_name", String(128)),
        Column("server_pk", Integer),
        Column("device_id", Integer),
        Column("group_id", Integer),
        Column("state", String(10), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("due_at_utc", DateTime, nullable=False),
        Column("claim", String(32)),
        Column("claimed_until_utc", DateTime),
        Column("finished_at_utc", DateTime),
        Column("failure", Text),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_schema_state",
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("fingerprint", String(64), nullable=False),
        Column("library_fingerprint", String(64), nullable=False),
        Column("version", String(32), nullable=False),
        Column("upgraded_at_utc", DateTime, nullable=False),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_alembic_version",
        Column("version_num", String(32), primary_key=True),
        **LINK_OPTIONS,
        if_not_exists=True,
    )
