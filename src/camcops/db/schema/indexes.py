# SPDX-License-Identifier: GPL-3.0-or-later
"""What lists and searches read instead of the instruments' own tables; all of it can be rebuilt."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
)

from camcops.db.schema.metadata import LINK_OPTIONS, TABLE_OPTIONS, metadata
from camcops.db.types import IsoDateTime, LongText, NameKey

task_index = Table(
    "_task_index",
    metadata,
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
    Index("ix__task_index_group_created", "group_id", "when_created_utc", "index_entry_pk"),
    Index("ix__task_index_patient_created", "patient_pk", "when_created_utc"),
    Index("ix__task_index_created", "when_created_utc", "index_entry_pk"),
    Index("ix__task_index_task", "task_table_name", "task_pk"),
    Index(  # the last two so that counting need not look at the rows
        "ix__task_index_table_listed",
        "task_table_name",
        "when_created_utc",
        "index_entry_pk",
        "group_id",
        "task_is_complete",
    ),
    Index("ix__task_index_device_era", "device_id", "era"),
    **TABLE_OPTIONS,
)

idnum_index = Table(
    "_idnum_index",
    metadata,
    Column("idnum_pk", Integer, primary_key=True, autoincrement=False),
    Column("indexed_at_utc", DateTime, nullable=False),
    Column("patient_pk", Integer, ForeignKey("patient._pk")),
    Column("which_idnum", Integer, ForeignKey("_idnum_definitions.which_idnum"), nullable=False),
    Column("idnum_value", BigInteger),
    Index("ix__idnum_index_value", "which_idnum", "idnum_value"),
    Index("ix__idnum_index_patient", "patient_pk"),
    **TABLE_OPTIONS,
)

# By name keys (`camcops.db.patient_names`), each current patient. No foreign key: CamCOPS 2.4, which deletes
# patients, doesn't know the table.
patient_index = Table(
    "_patient_index",
    metadata,
    Column("patient_pk", Integer, primary_key=True, autoincrement=False),
    Column("surname_key", NameKey, nullable=False),
    Column("forename_key", NameKey, nullable=False),
    Index("ix__patient_index_surname", "surname_key", "forename_key"),
    Index("ix__patient_index_forename", "forename_key"),
    **TABLE_OPTIONS,
)

# Scores as computed when the task arrived, and the rules they were computed by.
task_scores = Table(
    "_task_scores",
    metadata,
    Column("task_table_name", String(128), primary_key=True),
    Column("task_pk", Integer, primary_key=True, autoincrement=False),
    Column("rules_hash", String(64), nullable=False),
    Column("is_complete", Boolean, nullable=False),
    Column("is_valid", Boolean, nullable=False),
    Column("has_alert", Boolean, nullable=False),
    Column("results", LongText, nullable=False),
    Index("ix__task_scores_rules", "task_table_name", "rules_hash"),
    **LINK_OPTIONS,
)
