# SPDX-License-Identifier: GPL-3.0-or-later
"""What a database of CamCOPS 2.4 holds, and how long it takes to take it over."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable

# Measured on a machine of two processors: a table to be extended, a row to be copied, a task to be judged.
_TABLE_S = 0.12
_ROW_S = 0.00005
_TASK_S = 0.0005


@dataclass(frozen=True, slots=True)
class Survey:
    """Tables that tablets fill, their rows, and how many of those are versions of tasks."""

    tables: int
    rows: int
    tasks: int

    @property
    def seconds(self) -> float:
        """Roughly, on a small machine."""
        return self.tables * _TABLE_S + self.rows * _ROW_S + self.tasks * _TASK_S

    @property
    def duration(self) -> str:
        """In words."""
        if self.seconds < 60:
            return "less than a minute"
        minutes = round(self.seconds / 60)
        if minutes < 90:
            return f"some {minutes} minutes" if minutes > 1 else "about a minute"
        return f"some {round(minutes / 60)} hours"


def survey(conn: sa.Connection, tables: Collection[ClientTable]) -> Survey:
    """Count; one statement."""
    counts = sa.union_all(
        *(
            sa.select(
                sa.literal(table.kind == "task").label("task"), sa.func.count().label("rows")
            ).select_from(table.table)
            for table in tables
        )
    )
    found = conn.execute(counts).all()
    return Survey(
        len(found), sum(row.rows for row in found), sum(row.rows for row in found if row.task)
    )
