# SPDX-License-Identifier: GPL-3.0-or-later
"""The indexes of tasks and ID numbers; task schedules."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Integer, String, Text

from camcops.db.schema.metadata import TABLE_OPTIONS
from camcops.db.types import BigKey, IsoDateTime, LongText

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "_task_index",
        Column("index_entry_pk", Integer, primary_key=True),
        Column("indexed_at_utc", DateTime, nullable=False),
        Column("task_table_name", String(128)),
        Column("task_pk", Integer),
        Column("patient_pk", Integer, ForeignKey("patient._pk")),
        Column("device_id", Integer, ForeignKey("_security_devices.id"), nullable=False),
        Column("era", String(32), nullable=False),
        Column("when_created_utc", DateTime, nullable=False),
        Column("when_created_iso", IsoDateTime(), nullable=False),
        Column("when_added_batch_utc", DateTime, nullable=False),
        Column("adding_user_id", Integer, ForeignKey("_security_users.id")),
        Column("group_id", Integer, ForeignKey("_security_groups.id"), nullable=False),
        Column("task_is_complete", Boolean, nullable=False),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_idnum_index",
        Column("idnum_pk", Integer, primary_key=True, autoincrement=False),
        Column("indexed_at_utc", DateTime, nullable=False),
        Column("patient_pk", Integer, ForeignKey("patient._pk")),
        Column(
            "which_idnum", Integer, ForeignKey("_idnum_definitions.which_idnum"), nullable=False
        ),
        Column("idnum_value", BigInteger),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_emails",
        Column("id", BigKey, primary_key=True),
        Column("created_at_utc", DateTime),
        Column("date", String(31)),
        Column("from_addr", String(255)),
        Column("sender", String(255)),
        Column("reply_to", String(255)),
        Column("to", Text),
        Column("cc", Text),
        Column("bcc", Text),
        Column("subject", Text),
        Column("body", Text),
        Column("content_type", String(255)),
        Column("charset", String(64)),
        Column("msg_string", LongText),
        Column("host", String(255)),
        Column("port", Integer),
        Column("username", String(255)),
        Column("use_tls", Boolean),
        Column("sent", Boolean, nullable=False),
        Column("sent_at_utc", DateTime),
        Column("sending_failure_reason", Text),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_task_schedule",
        Column("id", Integer, primary_key=True),
        Column("group_id", Integer, ForeignKey("_security_groups.id"), nullable=False),
        Column("name", Text),
        Column("email_subject", Text, nullable=False),
        Column("email_template", Text, nullable=False),
        Column("email_from", String(255)),
        Column("email_cc", Text),
        Column("email_bcc", Text),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_task_schedule_item",
        Column("id", Integer, primary_key=True),
        Column("schedule_id", Integer, ForeignKey("_task_schedule.id"), nullable=False),
        Column("task_table_name", String(128)),
        Column("due_from", String(29)),
        Column("due_by", String(29)),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_patient_task_schedule",
        Column("id", Integer, primary_key=True),
        Column("patient_pk", Integer, ForeignKey("patient._pk"), nullable=False),
        Column("schedule_id", Integer, ForeignKey("_task_schedule.id"), nullable=False),
        Column("start_datetime", IsoDateTime()),
        Column("settings", Text),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_patient_task_schedule_email",
        Column("id", Integer, primary_key=True),
        Column(
            "patient_task_schedule_id",
            Integer,
            ForeignKey("_patient_task_schedule.id"),
            nullable=False,
        ),
        Column("email_id", BigKey, ForeignKey("_emails.id"), nullable=False),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
