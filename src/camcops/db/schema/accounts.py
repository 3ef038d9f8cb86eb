# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use the server: users, groups, and what a user may do in a group."""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Table

from camcops.db.schema.metadata import LINK_OPTIONS, TABLE_OPTIONS, metadata
from camcops.db.types import IsoDateTime

ip_use = Table(
    "_security_ip_use",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("clinical", Boolean, nullable=False, default=False),
    Column("commercial", Boolean, nullable=False, default=False),
    Column("educational", Boolean, nullable=False, default=False),
    Column("research", Boolean, nullable=False, default=False),
    **TABLE_OPTIONS,
)

groups = Table(
    "_security_groups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(191), nullable=False, index=True, unique=True),
    Column("description", String(255)),
    Column("upload_policy", String(255)),
    Column("finalize_policy", String(255)),
    Column("ip_use_id", Integer, ForeignKey("_security_ip_use.id")),
    **TABLE_OPTIONS,
)

group_can_see = Table(
    "_security_group_group",
    metadata,
    Column("group_id", Integer, ForeignKey("_security_groups.id"), primary_key=True),
    Column("can_see_group_id", Integer, ForeignKey("_security_groups.id"), primary_key=True),
    **LINK_OPTIONS,
)

users = Table(
    "_security_users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("username", String(191), nullable=False, index=True, unique=True),
    Column("fullname", String(255)),
    Column("email", String(255)),
    Column("phone_number", String(128)),
    Column("hashedpw", String(60), nullable=False),
    Column("password_hash", String(255)),  # ours: Argon2id; `hashedpw` holds bcrypt
    Column("mfa_secret_key", String(32)),
    Column("mfa_method", String(20), nullable=False, server_default="no_mfa"),
    Column("hotp_counter", Integer, nullable=False, server_default="0"),
    Column("last_login_at_utc", DateTime),
    Column("last_password_change_utc", DateTime),
    Column("superuser", Boolean, default=False),
    Column("must_change_password", Boolean, default=False),
    Column("when_agreed_terms_of_use", IsoDateTime()),
    Column("upload_group_id", Integer, ForeignKey("_security_groups.id")),
    Column("language", String(6)),
    Column("auto_generated", Boolean, nullable=False, default=False),
    Column("single_patient_pk", Integer, ForeignKey("patient._pk", ondelete="SET NULL")),
    **TABLE_OPTIONS,
)

memberships = Table(
    "_security_user_group",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("_security_users.id")),
    Column("group_id", Integer, ForeignKey("_security_groups.id")),
    Column("groupadmin", Boolean, default=False),
    Column("may_upload", Boolean, default=False),
    Column("may_register_devices", Boolean, default=False),
    Column("may_use_webviewer", Boolean, default=False),
    Column("view_all_patients_when_unfiltered", Boolean, default=False),
    Column("may_dump_data", Boolean, default=False),
    Column("may_run_reports", Boolean, default=False),
    Column("may_add_notes", Boolean, default=False),
    Column("may_manage_patients", Boolean, default=False),
    Column("may_email_patients", Boolean, default=False),
    Index("ix__security_user_group_user_group", "user_id", "group_id"),
    Index("ix__security_user_group_group", "group_id"),
    **TABLE_OPTIONS,
)
