# SPDX-License-Identifier: GPL-3.0-or-later
"""What a database of CamCOPS 2.4 holds, and how long it takes to take it over."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable

# On a busy machine of two processors: a table to be extended, a byte of it to be copied, a row to be looked
# at, a task to be judged.
_TABLE_S = 0.12
_BYTE_S = 1 / 50_000_000
_ROW_S = 0.00005
_TASK_S = 0.0005

_SIZES = """
    SELECT table_name, data_length + index_length FROM information_schema.tables
    WHERE table_schema = DATABASE()
"""


@dataclass(frozen=True, slots=True)
class Survey:
    """Tables that tablets fill, their rows, how many of those are versions of tasks, and the size in bytes of
    all and of the largest (0 where the database copies no table to extend it).
    """

    tables: int
    rows: int
    tasks: int
    size: int
    largest: int

    @property
    def adopting(self) -> str:
        """How long it takes to take the database over, roughly, on a small machine."""
        return _in_words(self._adopting_s)

    @property
    def finishing(self) -> str:
        """The same of finishing the adoption, which copies the tables besides."""
        return _in_words(self._adopting_s + self.size * _BYTE_S)

    @property
    def _adopting_s(self) -> float:
        return self.tables * _TABLE_S + self.rows * _ROW_S + self.tasks * _TASK_S


def survey(conn: sa.Connection, tables: Collection[ClientTable]) -> Survey:
    """Count and measure."""
    counts = sa.union_all(
        *(
            sa.select(
                sa.literal(table.kind == "task").label("task"), sa.func.count().label("rows")
            ).select_from(table.table)
            for table in tables
        )
    )
    found = conn.execute(counts).all()
    sizes = _sizes(conn, {table.name for table in tables})
    return Survey(
        tables=len(found),
        rows=sum(row.rows for row in found),
        tasks=sum(row.rows for row in found if row.task),
        size=sum(sizes),
        largest=max(sizes, default=0),
    )


def _in_words(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"some {minutes} minutes" if minutes > 1 else "about a minute"
    return f"some {round(minutes / 60)} hours"


def _sizes(conn: sa.Connection, names: Collection[str]) -> list[int]:
    if conn.dialect.name != "mysql":
        return []
    return [int(size or 0) for name, size in conn.execute(sa.text(_SIZES)) if name in names]
