# SPDX-License-Identifier: GPL-3.0-or-later
"""Seals over the audit trail."""

from alembic import op
from sqlalchemy import Column, DateTime, Integer, String

from camcops.db.schema.metadata import LINK_OPTIONS
from camcops.db.types import LongText

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "_audit_seals",
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("first_id", Integer, nullable=False),
        Column("last_id", Integer, nullable=False),
        Column("row_count", Integer, nullable=False),
        Column("root", String(64), nullable=False),
        Column("absent", LongText, nullable=False),
        Column("late", LongText, nullable=False),
        Column("previous", String(64), nullable=False),
        Column("sealed_at_utc", DateTime, nullable=False),
        Column("code", String(120), nullable=False),
        **LINK_OPTIONS,
        if_not_exists=True,
    )
