# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, groups, devices, sessions, the audit trail and special notes."""

from alembic import op
from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, String, Text

from camcops.db.schema.metadata import LINK_OPTIONS, TABLE_OPTIONS
from camcops.db.types import IsoDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "_security_ip_use",
        Column("id", Integer, primary_key=True),
        Column("clinical", Boolean, nullable=False),
        Column("commercial", Boolean, nullable=False),
        Column("educational", Boolean, nullable=False),
        Column("research", Boolean, nullable=False),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_security_groups",
        Column("id", Integer, primary_key=True),
        Column("name", String(191), nullable=False),
        Column("description", String(255)),
        Column("upload_policy", String(255)),
        Column("finalize_policy", String(255)),
        Column("ip_use_id", Integer, ForeignKey("_security_ip_use.id")),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_security_group_group",
        Column("group_id", Integer, ForeignKey("_security_groups.id"), primary_key=True),
        Column("can_see_group_id", Integer, ForeignKey("_security_groups.id"), primary_key=True),
        **LINK_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_security_users",
        Column("id", Integer, primary_key=True),
        Column("username", String(191), nullable=False),
        Column("fullname", String(255)),
        Column("email", String(255)),
        Column("phone_number", String(128)),
        Column("hashedpw", String(60), nullable=False),
        Column("password_hash", String(255)),
        Column("mfa_secret_key", String(32)),
        Column("mfa_method", String(20), nullable=False, server_default="no_mfa"),
        Column("hotp_counter", Integer, nullable=False, server_default="0"),
        Column("last_login_at_utc", DateTime),
        Column("last_password_change_utc", DateTime),
        Column("superuser", Boolean),
        Column("must_change_password", Boolean),
        Column("when_agreed_terms_of_use", IsoDateTime()),
        Column("upload_group_id", Integer, ForeignKey("_security_groups.id")),
        Column("language", String(6)),
        Column("auto_generated", Boolean, nullable=False),
        Column("single_patient_pk", Integer, ForeignKey("patient._pk", ondelete="SET NULL")),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_security_user_group",
        Column("id", Integer, primary_key=True),
        Column("user_id", Integer, ForeignKey("_security_users.id")),
        Column("group_id", Integer, ForeignKey("_security_groups.id")),
        Column("groupadmin", Boolean),
        Column("may_upload", Boolean),
        Column("may_register_devices", Boolean),
        Column("may_use_webviewer", Boolean),
        Column("view_all_patients_when_unfiltered", Boolean),
        Column("may_dump_data", Boolean),
        Column("may_run_reports", Boolean),
        Column("may_add_notes", Boolean),
        Column("may_manage_patients", Boolean),
        Column("may_email_patients", Boolean),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_security_devices",
        Column("id", Integer, primary_key=True),
        Column("name", String(191)),
        Column("registered_by_user_id", Integer, ForeignKey("_security_users.id")),
        Column("when_registered_utc", DateTime),
        Column("friendly_name", Text),
        Column("camcops_version", String(147)),
        Column("last_upload_batch_utc", DateTime),
        Column("ongoing_upload_batch_utc", DateTime),
        Column("uploading_user_id", Integer, ForeignKey("_security_users.id")),
        Column("currently_preserving", Boolean),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_dirty_tables",
        Column("id", Integer, primary_key=True),
        Column("device_id", Integer, ForeignKey("_security_devices.id")),
        Column("tablename", String(128)),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_security_webviewer_sessions",
        Column("id", Integer, primary_key=True),
        Column("token", String(88)),
        Column("ip_address", String(45)),
        Column(
            "user_id",
            Integer,
            ForeignKey(
                "_security_users.id",
                name="fk__security_webviewer_sessions_user_id",
                ondelete="CASCADE",
            ),
        ),
        Column("last_activity_utc", DateTime),
        Column("number_to_view", Integer),
        Column("task_filter_id", Integer, ForeignKey("_task_filters.id")),
        Column("is_api_session", Boolean),
        Column("form_state", Text),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_security_login_failures",
        Column("id", Integer, primary_key=True),
        Column("username", String(191), nullable=False),
        Column("login_failure_at", DateTime, nullable=False),
        Column("remote_addr", String(45)),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_security_account_lockouts",
        Column("id", Integer, primary_key=True),
        Column("username", String(191), nullable=False),
        Column("locked_until", DateTime, nullable=False),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_security_audit",
        Column("id", Integer, primary_key=True),
        Column("when_access_utc", DateTime, nullable=False),
        Column("source", String(20), nullable=False),
        Column("remote_addr", String(45)),
        Column("user_id", Integer, ForeignKey("_security_users.id")),
        Column("device_id", Integer, ForeignKey("_security_devices.id")),
        Column("table_name", String(128)),
        Column("server_pk", Integer),
        Column("patient_server_pk", Integer),
        Column("details", Text),
        Column("code", String(120)),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_special_notes",
        Column("note_id", Integer, primary_key=True),
        Column("basetable", String(128)),
        Column("task_id", Integer),
        Column("device_id", Integer),
        Column("era", String(32)),
        Column("note_at", IsoDateTime()),
        Column("user_id", Integer, ForeignKey("_security_users.id")),
        Column("note", Text),
        Column("hidden", Boolean, nullable=False),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
