# SPDX-License-Identifier: GPL-3.0-or-later
"""Tablets, and what the server keeps of their uploads in progress."""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Table, Text

from camcops.db.schema.metadata import LINK_OPTIONS, TABLE_OPTIONS, metadata

devices = Table(
    "_security_devices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(191), index=True, unique=True),
    Column("registered_by_user_id", Integer, ForeignKey("_security_users.id")),
    Column("when_registered_utc", DateTime),
    Column("friendly_name", Text),
    Column("camcops_version", String(147)),
    Column("last_upload_batch_utc", DateTime),
    Column("ongoing_upload_batch_utc", DateTime),
    Column("uploading_user_id", Integer, ForeignKey("_security_users.id")),
    Column("currently_preserving", Boolean, default=False),
    Column("upload_digest", Text),  # ours: of the upload in progress
    Column("finalized_digest", String(64)),  # ours: of the last upload, if it finalized anything
    Column("policies_accepted", Text),  # ours: JSON of those that its patients satisfied
    **TABLE_OPTIONS,
)

dirty_tables = Table(
    "_dirty_tables",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("device_id", Integer, ForeignKey("_security_devices.id")),
    Column("tablename", String(128)),
    Index("ix__dirty_tables_device_table", "device_id", "tablename"),
    **TABLE_OPTIONS,
)

# Client tables in which a device has rows that it can still change.
device_tables = Table(
    "_device_tables",
    metadata,
    Column("device_id", Integer, ForeignKey("_security_devices.id"), primary_key=True),
    Column("tablename", String(128), primary_key=True),
    **LINK_OPTIONS,
)
