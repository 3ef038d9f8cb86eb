# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions, failed log-ins, lock-outs and the audit trail."""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Table, Text

from camcops.db.schema.metadata import LINK_OPTIONS, TABLE_OPTIONS, metadata
from camcops.db.types import LongText

# A place from which a user logs in has a name: the digest of an address, a tablet or a browser.
_PLACE = String(64)

sessions = Table(
    "_security_webviewer_sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token", String(88)),
    Column("ip_address", String(45)),
    Column("user_id", Integer, ForeignKey("_security_users.id", ondelete="CASCADE")),
    Column("last_activity_utc", DateTime),
    Column("number_to_view", Integer),
    Column("task_filter_id", Integer, ForeignKey("_task_filters.id")),
    Column("is_api_session", Boolean, default=False),
    Column("form_state", Text),
    Index("ix__security_webviewer_sessions_activity", "last_activity_utc"),
    Index("ix__security_webviewer_sessions_user", "user_id"),
    **TABLE_OPTIONS,
)

login_failures = Table(
    "_security_login_failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("username", String(191), nullable=False),
    Column("login_failure_at", DateTime, nullable=False, index=True),
    Column("remote_addr", String(45)),  # ours
    Column("place", _PLACE),  # ours; null: a place from which that user has not yet logged in
    Index("ix__security_login_failures_username_at", "username", "login_failure_at"),
    Index("ix__security_login_failures_addr_at", "remote_addr", "login_failure_at"),
    **TABLE_OPTIONS,
)

account_lockouts = Table(
    "_security_account_lockouts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("username", String(191), nullable=False),
    Column("locked_until", DateTime, nullable=False, index=True),
    Column("place", _PLACE),  # ours; null: everywhere but where that user has logged in before
    Index("ix__security_account_lockouts_username_until", "username", "locked_until"),
    **TABLE_OPTIONS,
)

# Ours. From where each user has logged in.
login_places = Table(
    "_login_places",
    metadata,
    Column(
        "user_id", Integer, ForeignKey("_security_users.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("place", _PLACE, primary_key=True),
    Column("last_used_utc", DateTime, nullable=False),
    **LINK_OPTIONS,
)

audit = Table(
    "_security_audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("when_access_utc", DateTime, nullable=False, index=True),
    Column("source", String(20), nullable=False),
    Column("remote_addr", String(45)),
    Column("user_id", Integer, ForeignKey("_security_users.id")),
    Column("device_id", Integer, ForeignKey("_security_devices.id")),
    Column("table_name", String(128)),
    Column("server_pk", Integer),
    Column("patient_server_pk", Integer),
    Column("details", Text),
    Column("code", String(120)),  # ours: keyed code over the row
    Index("ix__security_audit_record", "table_name", "server_pk"),
    Index("ix__security_audit_patient", "patient_server_pk"),
    Index("ix__security_audit_user", "user_id", "when_access_utc"),
    **TABLE_OPTIONS,
)

# Ours. Each seal covers the rows of the audit trail from the one before it onwards.
audit_seals = Table(
    "_audit_seals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("first_id", Integer, nullable=False),
    Column("last_id", Integer, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("root", String(64), nullable=False),
    Column("absent", LongText, nullable=False),  # JSON: ranges of ids that no row had
    Column("late", LongText, nullable=False),  # JSON: ids absent from earlier seals, here now
    Column("previous", String(64), nullable=False),
    Column("sealed_at_utc", DateTime, nullable=False),
    Column("code", String(120), nullable=False),
    **LINK_OPTIONS,
)
