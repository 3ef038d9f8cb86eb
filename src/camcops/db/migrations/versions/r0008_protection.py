# SPDX-License-Identifier: GPL-3.0-or-later
"""From where users log in, and what is kept of a device's uploads to tell repeated ones."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, DateTime, ForeignKey, Integer, String, Text

from camcops.db.schema.metadata import LINK_OPTIONS

revision = "0008"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "_login_places",
        Column(
            "user_id",
            Integer,
            ForeignKey("_security_users.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        Column("place", String(64), primary_key=True),
        Column("last_used_utc", DateTime, nullable=False),
        **LINK_OPTIONS,
        if_not_exists=True,
    )
    _add_missing("_security_login_failures", Column("place", String(64)))
    _add_missing("_security_account_lockouts", Column("place", String(64)))
    _add_missing(
        "_security_devices",
        Column("upload_digest", Text),
        Column("finalized_digest", String(64)),
        Column("policies_accepted", Text),
    )


def _add_missing(table: str, *columns: Column[str]) -> None:
    """Written as SQL, the change is for a database of ours that has none of them yet."""
    written = op.get_context().as_sql
    there = set() if written else {c["name"] for c in sa.inspect(op.get_bind()).get_columns(table)}
    for column in columns:
        if column.name not in there:
            op.add_column(table, column)
