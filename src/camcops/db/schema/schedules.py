# SPDX-License-Identifier: GPL-3.0-or-later
"""Task schedules, their assignment to patients, and the e-mails that invite them."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from camcops.db.schema.metadata import TABLE_OPTIONS, metadata
from camcops.db.types import BigKey, IsoDateTime

task_schedules = Table(
    "_task_schedule",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", Integer, ForeignKey("_security_groups.id"), nullable=False),
    Column("name", Text),
    Column("email_subject", Text, nullable=False, default=""),
    Column("email_template", Text, nullable=False, default=""),
    Column("email_from", String(255)),
    Column("email_cc", Text),
    Column("email_bcc", Text),
    Index("ix__task_schedule_group", "group_id"),
    **TABLE_OPTIONS,
)

task_schedule_items = Table(
    "_task_schedule_item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("schedule_id", Integer, ForeignKey("_task_schedule.id"), nullable=False),
    Column("task_table_name", String(128)),
    Column("due_from", String(29)),
    Column("due_by", String(29)),
    Index("ix__task_schedule_item_schedule", "schedule_id"),
    **TABLE_OPTIONS,
)

patient_task_schedules = Table(
    "_patient_task_schedule",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("patient_pk", Integer, ForeignKey("patient._pk"), nullable=False),
    Column("schedule_id", Integer, ForeignKey("_task_schedule.id"), nullable=False),
    Column("start_datetime", IsoDateTime()),
    Column("settings", Text),
    Index("ix__patient_task_schedule_patient", "patient_pk"),
    Index("ix__patient_task_schedule_schedule", "schedule_id"),
    **TABLE_OPTIONS,
)

patient_task_schedule_emails = Table(
    "_patient_task_schedule_email",
    metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "patient_task_schedule_id", Integer, ForeignKey("_patient_task_schedule.id"), nullable=False
    ),
    Column("email_id", BigKey, ForeignKey("_emails.id"), nullable=False),
    Index("ix__patient_task_schedule_email_schedule", "patient_task_schedule_id"),
    **TABLE_OPTIONS,
)
