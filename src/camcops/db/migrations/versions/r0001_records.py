# SPDX-License-Identifier: GPL-3.0-or-later
"""What tablets send besides tasks, ID number definitions, settings and filters."""

from typing import Any

from alembic import op
from sqlalchemy import CHAR, BigInteger, Boolean, Column, Date, DateTime, Integer, String, Text

from camcops.db.schema.metadata import TABLE_OPTIONS
from camcops.db.types import IsoDateTime, LongBinary

revision = "0001"
down_revision = None


def _lifecycle() -> list[Column[Any]]:
    return [
        Column("_pk", Integer, primary_key=True, autoincrement=True),
        Column("_device_id", Integer, nullable=False),
        Column("_era", String(32), nullable=False),
        Column("_current", Boolean, nullable=False),
        Column("_when_added_exact", IsoDateTime()),
        Column("_when_added_batch_utc", DateTime),
        Column("_adding_user_id", Integer),
        Column("_when_removed_exact", IsoDateTime()),
        Column("_when_removed_batch_utc", DateTime),
        Column("_removing_user_id", Integer),
        Column("_preserving_user_id", Integer),
        Column("_forcibly_preserved", Boolean),
        Column("_predecessor_pk", Integer),
        Column("_successor_pk", Integer),
        Column("_manually_erased", Boolean),
        Column("_manually_erased_at", IsoDateTime()),
        Column("_manually_erasing_user_id", Integer),
        Column("_camcops_version", String(147)),
        Column("_addition_pending", Boolean, nullable=False),
        Column("_removal_pending", Boolean),
        Column("_group_id", Integer, nullable=False),
        Column("id", Integer, nullable=False),
        Column("when_last_modified", IsoDateTime()),
        Column("_move_off_tablet", Boolean),
    ]


def upgrade() -> None:
    op.create_table(
        "patient",
        *_lifecycle(),
        Column("uuid", CHAR(32)),
        Column("forename", String(255)),
        Column("surname", String(255)),
        Column("dob", Date),
        Column("sex", String(1)),
        Column("address", Text),
        Column("email", String(255)),
        Column("gp", Text),
        Column("other", Text),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "patient_idnum",
        *_lifecycle(),
        Column("patient_id", Integer, nullable=False),
        Column("which_idnum", Integer, nullable=False),
        Column("idnum_value", BigInteger),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "blobs",
        *_lifecycle(),
        Column("tablename", String(128), nullable=False),
        Column("tablepk", Integer, nullable=False),
        Column("fieldname", String(128), nullable=False),
        Column("filename", Text),
        Column("mimetype", String(255)),
        Column("image_rotation_deg_cw", Integer),
        Column("theblob", LongBinary),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_idnum_definitions",
        Column("which_idnum", Integer, primary_key=True, autoincrement=False),
        Column("description", String(255)),
        Column("short_description", String(255)),
        Column("hl7_id_type", String(5)),
        Column("hl7_assigning_authority", String(20)),
        Column("validation_method", String(50)),
        Column("fhir_id_system", String(255)),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_server_settings",
        Column("id", Integer, primary_key=True),
        Column("database_title", String(255)),
        Column("last_dummy_login_failure_clearance_at_utc", DateTime),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_task_filters",
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
        if_not_exists=True,
    )
