# SPDX-License-Identifier: GPL-3.0-or-later
"""Patients by name."""

from alembic import op
from sqlalchemy import Column, Integer

from camcops.db.schema.metadata import TABLE_OPTIONS
from camcops.db.types import NameKey

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "_patient_index",
        Column("patient_pk", Integer, primary_key=True, autoincrement=False),
        Column("surname_key", NameKey, nullable=False),
        Column("forename_key", NameKey, nullable=False),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
