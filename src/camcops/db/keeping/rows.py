# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of whole tables, streamed out and in, with a checksum that does not depend on the database.

Values are normalised before they are summed, since databases differ in what they keep: floats to six
significant digits (what tablets send), instants to whole seconds.
"""

import datetime as dt
import hashlib
import json
import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import sqlalchemy as sa

from camcops.db.catalogue import filled
from camcops.db.database import Database
from camcops.db.keeping.portions import PORTION_BYTES, Portions, read_in_portions
from camcops.db.schema import metadata, schema_state

Row = tuple[Any, ...]
ROWS_A_BATCH = 1000
LARGE_ROWS_A_BATCH = 1  # of tables with pictures: tens of megabytes each
CHECKSUM_MODULUS = 2**256
PICTURE = (bytes, memoryview, Portions)
LONG_VALUE = re.compile(rb'(?<=[\[,])"[A-Za-z0-9+/=]{4096,}"(?=[,\]])')
"""A picture, or a text that looks like one: not worth several copies on its way through the JSON reader."""


@dataclass(slots=True)
class Sum:
    """How many rows a table has, and the sum of their digests: the same in any order."""

    rows: int = 0
    digest: int = 0

    def add(self, pieces: Iterable[bytes], write: Callable[[bytes], object] | None = None) -> None:
        """Add a row, given as the pieces of its line; `write` gets each of them too."""
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
            if write is not None:
                write(piece)
        self.rows += 1
        self.digest = (self.digest + int.from_bytes(digest.digest(), "big")) % CHECKSUM_MODULUS

    def as_text(self) -> str:
        return f"{self.rows}:{self.digest:064x}"


@dataclass(frozen=True, slots=True)
class Stored:
    """One table to be kept, and how its values read as JSON."""

    table: sa.Table
    columns: tuple[sa.Column[Any], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.table.columns))

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def is_large(self) -> bool:
        """Does it hold pictures?"""
        return any(isinstance(column.type, sa.LargeBinary) for column in self.columns)

    @property
    def batch(self) -> int:
        return LARGE_ROWS_A_BATCH if self.is_large else ROWS_A_BATCH

    def read(self, conn: sa.Connection) -> Iterator[Row]:
        """All rows, a batch at a time; none is held while the next is fetched."""
        options = {"yield_per": self.batch}
        if self.is_large and conn.dialect.name == "postgresql":
            yield from read_in_portions(conn, self.table, options)
        else:
            yield from map(tuple, conn.execute(sa.select(*self.columns), execution_options=options))

    def write(self, conn: sa.Connection, rows: Iterable[Row]) -> None:
        names = [column.name for column in self.columns]
        remaining = iter(rows)
        while batch := [
            dict(zip(names, map(_whole, row), strict=True)) for row in islice(remaining, self.batch)
        ]:
            conn.execute(self.table.insert(), batch)
            batch.clear()  # a picture takes much room, and so does the next one

    def encode(self, row: Row) -> Iterator[bytes]:
        """A row as one line of JSON, in pieces, the same whichever database it came from."""
        values = [
            value if isinstance(value, PICTURE) else _plain(column.type, value)
            for column, value in zip(self.columns, row, strict=True)
        ]
        if not self.is_large:
            yield _json(values)
            return
        between = b"["
        for value in values:
            yield between
            between = b","
            if isinstance(value, PICTURE):
                yield from _quoted(value)
            else:
                yield _json(value)
        yield b"]"

    def decode(self, line: bytes, names: Iterable[str]) -> Row:
        """The row of a line whose values stand in the order of `names`; what is not there is null."""
        long: list[memoryview] = []
        if self.is_large:
            line, long = _without_long_values(line)
        given = dict(zip(names, json.loads(line), strict=True))
        return tuple(_stored(column.type, given.get(column.name), long) for column in self.columns)


def kept_tables(database: Database) -> list[Stored]:
    """Every table whose rows are data, in an order in which they can be filled again."""
    server = [table for table in metadata.sorted_tables if table is not schema_state]
    known = {table.name for table in server}
    client = [c.table for c in database.tables.values() if c.name not in known]
    return [Stored(table) for table in (*server, *client)]


def filled_of(conn: sa.Connection, tables: Iterable[Stored]) -> frozenset[str]:
    """The names of those tables that have rows."""
    return filled(conn, [stored.name for stored in tables])


def sums(conn: sa.Connection, tables: Iterable[Stored]) -> Mapping[str, Sum]:
    """Counts and checksums of tables as they are."""
    tables = list(tables)
    present = filled_of(conn, tables)
    found = {}
    for stored in tables:
        total = found[stored.name] = Sum()
        for row in stored.read(conn) if stored.name in present else ():
            total.add(stored.encode(row))
            del row
    return found


def unknown_parts(conn: sa.Connection, database: Database) -> list[str]:
    """Tables and columns that this program does not know, so can't keep."""
    from camcops.db.catalogue import read_catalogue
    from camcops.db.changes import CURRENT_ID
    from camcops.db.state import VERSION_TABLE

    known = {stored.name: set(stored.table.columns.keys()) for stored in kept_tables(database)}
    known[schema_state.name] = set(schema_state.columns.keys())
    ours = {VERSION_TABLE, "sqlite_sequence", "sqlite_stat1", "sqlite_stat4"}
    strange = []
    for table, columns in sorted(read_catalogue(conn).columns.items()):
        if table in ours:
            continue
        if table not in known:
            strange.append(f"table {table}")
        else:
            extra = sorted(columns - known[table] - {CURRENT_ID})
            strange += [f"column {table}.{column}" for column in extra]
    return strange


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _without_long_values(line: bytes) -> tuple[bytes, list[memoryview]]:
    """The line with a number, in a list of its own, for each long value; and those values, uncopied."""
    whole, end = memoryview(line), 0
    found: list[memoryview] = []
    rest: list[bytes | memoryview] = []
    for match in LONG_VALUE.finditer(line):
        rest += [whole[end : match.start()], b"[%d]" % len(found)]
        found.append(whole[match.start() + 1 : match.end() - 1])
        end = match.end()
    return b"".join([*rest, whole[end:]]), found


def _quoted(content: bytes | memoryview | Portions) -> Iterator[bytes]:
    """Base 64 between quotation marks, without a second copy of the whole."""
    yield b'"'
    yield from map(b64encode, content if isinstance(content, Portions) else _portions(content))
    yield b'"'


def _portions(content: bytes | memoryview) -> Iterator[memoryview]:
    view = memoryview(content)
    for start in range(0, len(view), PORTION_BYTES):
        yield view[start : start + PORTION_BYTES]


def _whole(value: Any) -> Any:
    return bytes(value) if isinstance(value, Portions) else value


def _plain(kind: sa.types.TypeEngine[Any], value: Any) -> Any:
    match value:
        case None:
            return None
        case bool():
            return int(value)
        case float():
            return float(f"{value:.6g}")
        case dt.datetime():
            return value.replace(microsecond=0).isoformat()
        case dt.date():
            return value.isoformat()
        case int() if isinstance(kind, sa.Float):
            return float(value)
    return value


def _stored(kind: sa.types.TypeEngine[Any], value: Any, long: list[memoryview]) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        content = long[value[0]]
        return a2b_base64(content) if isinstance(kind, sa.LargeBinary) else str(content, "ascii")
    if isinstance(kind, sa.LargeBinary):
        return a2b_base64(value)
    if isinstance(kind, sa.DateTime):
        return dt.datetime.fromisoformat(value)
    if isinstance(kind, sa.Date):
        return dt.date.fromisoformat(value)
    if isinstance(kind, sa.Boolean):
        return bool(value)
    return value
