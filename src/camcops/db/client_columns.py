# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns that the tables filled by tablets share."""

from typing import Any

from sqlalchemy import Column, DateTime, Float, Integer, String

from camcops.db.types import Boolean, IsoDateTime

ERA_LENGTH = 32
VERSION_LENGTH = 147


def lifecycle_columns() -> list[Column[Any]]:
    """Of every client table: server key, whose the row is, and when and by whom it came and went.

    `_device_id`, `_era` and `id` together say which object of which tablet a row is a version of.
    """
    return [
        Column("_pk", Integer, primary_key=True, autoincrement=True),
        Column("_device_id", Integer, nullable=False),
        Column("_era", String(ERA_LENGTH), nullable=False),
        Column("_current", Boolean, nullable=False),
        Column("_when_added_exact", IsoDateTime()),
        Column("_when_added_batch_utc", DateTime),
        Column("_adding_user_id", Integer),
        Column("_when_removed_exact", IsoDateTime()),
        Column("_when_removed_batch_utc", DateTime),
        Column("_removing_user_id", Integer),
        Column("_preserving_user_id", Integer),
        Column("_forcibly_preserved", Boolean, default=False),
        Column("_predecessor_pk", Integer),
        Column("_successor_pk", Integer),
        Column("_manually_erased", Boolean, default=False),
        Column("_manually_erased_at", IsoDateTime()),
        Column("_manually_erasing_user_id", Integer),
        Column("_camcops_version", String(VERSION_LENGTH)),
        Column("_addition_pending", Boolean, nullable=False, default=False),
        Column("_removal_pending", Boolean, default=False),
        Column("_group_id", Integer, nullable=False),
        Column("id", Integer, nullable=False),
        Column("when_last_modified", IsoDateTime()),
        Column("_move_off_tablet", Boolean, default=False),
    ]


def task_columns() -> list[Column[Any]]:
    """Of every task: when it was made and first left, and the seconds spent on it."""
    return [
        Column("when_created", IsoDateTime(), nullable=False),
        Column("when_firstexit", IsoDateTime()),
        Column("firstexit_is_finish", Boolean),
        Column("firstexit_is_abort", Boolean),
        Column("editing_time_s", Float),
    ]


def patient_columns() -> list[Column[Any]]:
    """Of a task about a patient: the tablet's key of that patient (`patient.id`)."""
    return [Column("patient_id", Integer, nullable=False)]
