# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures in PostgreSQL, read a portion at a time: its driver would hold each one several times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

PORTION_BYTES = 3 * 2**18
"""A multiple of three, so that the base-64 forms of portions join."""


BINARY = {"stream_results": True}
"""Otherwise a portion would come as text, in twice its size."""


@dataclass(frozen=True, slots=True)
class Portions:
    """A long value that stays in the database; each iteration reads it anew, within the transaction."""

    conn: sa.Connection
    column: sa.Column[Any]
    key: Sequence[Any]
    length: int

    def __iter__(self) -> Iterator[bytes]:
        start = sa.bindparam("start", type_=sa.Integer)
        part = sa.func.substring(self.column, start, PORTION_BYTES, type_=sa.LargeBinary())
        keys = self.column.table.primary_key.columns
        query = sa.select(part).where(
            *(one == value for one, value in zip(keys, self.key, strict=True))
        )
        for begun in range(0, self.length, PORTION_BYTES):
            found = self.conn.execute(query, {"start": begun + 1}, execution_options=BINARY)
            yield found.scalar_one()

    def __bytes__(self) -> bytes:
        return b"".join(self)


def read_in_portions(
    conn: sa.Connection, table: sa.Table, options: dict[str, Any]
) -> Iterator[tuple[Any, ...]]:
    """All rows of a table of PostgreSQL; what is longer than a portion comes as `Portions`."""
    long = {i: c for i, c in enumerate(table.columns) if isinstance(c.type, sa.LargeBinary)}
    lengths = [sa.func.octet_length(column) for column in long.values()]
    shown = [
        sa.case((sa.func.octet_length(column) <= PORTION_BYTES, column)) if i in long else column
        for i, column in enumerate(table.columns)
    ]
    keys = list(table.primary_key.columns)
    query = sa.select(*shown, *lengths, *(key.label(f"key_{key.name}") for key in keys))
    for found in conn.execute(query, execution_options=options):
        row, rest = list(found[: len(shown)]), found[len(shown) :]
        key = rest[len(lengths) :]
        for (i, column), length in zip(long.items(), rest, strict=False):
            if length is not None and length > PORTION_BYTES:
                row[i] = Portions(conn, column, key, length)
        yield tuple(row)
