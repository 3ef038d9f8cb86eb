# SPDX-License-Identifier: GPL-3.0-or-later
"""The database as a whole: its title and state; stored filters of task lists."""

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, String, Table, Text

from camcops.db.schema.metadata import LINK_OPTIONS, TABLE_OPTIONS, metadata
from camcops.db.types import IsoDateTime

server_settings = Table(
    "_server_settings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("database_title", String(255)),
    Column("last_dummy_login_failure_clearance_at_utc", DateTime),
    **TABLE_OPTIONS,
)

task_filters = Table(
    "_task_filters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("task_types", Text),
    Column("tasks_offering_trackers_only", Boolean),
    Column("tasks_with_patient_only", Boolean),
    Column("surname", String(255)),
    Column("forename", String(255)),
    Column("dob", Date),
    Column("sex", String(1)),
    Column("idnum_criteria", Text),
    Column("device_ids", Text),
    Column("user_ids", Text),
    Column("group_ids", Text),
    Column("start_datetime_iso8601", IsoDateTime()),
    Column("end_datetime_iso8601", IsoDateTime()),
    Column("text_contents", Text),
    Column("complete_only", Boolean),
    **TABLE_OPTIONS,
)

# One row: which tables and columns the last upgrade left behind.
schema_state = Table(
    "_schema_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", String(64), nullable=False),
    Column("library_fingerprint", String(64), nullable=False),
    Column("version", String(32), nullable=False),
    Column("upgraded_at_utc", DateTime, nullable=False),
    **TABLE_OPTIONS,
)

# Revision table of CamCOPS 2.4; programs that read its database look here.
upstream_revision = Table(
    "_alembic_version",
    metadata,
    Column("version_num", String(32), primary_key=True),
    **LINK_OPTIONS,
)
