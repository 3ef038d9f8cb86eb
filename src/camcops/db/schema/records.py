# SPDX-License-Identifier: GPL-3.0-or-later
"""What tablets send besides tasks: patients, their ID numbers, BLOBs; and notes about records."""

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from camcops.db.client_columns import lifecycle_columns
from camcops.db.schema.metadata import TABLE_OPTIONS, metadata
from camcops.db.types import IsoDateTime, LongBinary

patient = Table(
    "patient",
    metadata,
    *lifecycle_columns(),
    Column("uuid", CHAR(32)),
    Column("forename", String(255)),
    Column("surname", String(255)),
    Column("dob", Date),
    Column("sex", String(1)),
    Column("address", Text),
    Column("email", String(255)),
    Column("gp", Text),
    Column("other", Text),
    Index("ix_patient_dob", "dob"),
    **TABLE_OPTIONS,
)

patient_idnum = Table(
    "patient_idnum",
    metadata,
    *lifecycle_columns(),
    Column("patient_id", Integer, nullable=False),
    Column("which_idnum", Integer, nullable=False),
    Column("idnum_value", BigInteger),
    **TABLE_OPTIONS,
)

blobs = Table(
    "blobs",
    metadata,
    *lifecycle_columns(),
    Column("tablename", String(128), nullable=False),
    Column("tablepk", Integer, nullable=False),
    Column("fieldname", String(128), nullable=False),
    Column("filename", Text),
    Column("mimetype", String(255)),
    Column("image_rotation_deg_cw", Integer),
    Column("theblob", LongBinary),
    **TABLE_OPTIONS,
)

idnum_definitions = Table(
    "_idnum_definitions",
    metadata,
    Column("which_idnum", Integer, primary_key=True, autoincrement=False),
    Column("description", String(255)),
    Column("short_description", String(255)),
    Column("hl7_id_type", String(5)),
    Column("hl7_assigning_authority", String(20)),
    Column("validation_method", String(50)),
    Column("fhir_id_system", String(255)),
    **TABLE_OPTIONS,
)

special_notes = Table(
    "_special_notes",
    metadata,
    Column("note_id", Integer, primary_key=True),
    Column("basetable", String(128)),
    Column("task_id", Integer),
    Column("device_id", Integer),
    Column("era", String(32)),
    Column("note_at", IsoDateTime()),
    Column("user_id", Integer, ForeignKey("_security_users.id")),
    Column("note", Text),
    Column("hidden", Boolean, nullable=False, default=False),
    Index("ix__special_notes_record", "device_id", "era", "basetable", "task_id"),
    **TABLE_OPTIONS,
)
