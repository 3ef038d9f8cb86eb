# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of an upload, checked and converted before the database is touched."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.problems import (
    COLUMN_REFUSED,
    FIELD_WRONG,
    RECORD_REFUSED,
    TABLE_NEEDS_NEWER_TABLET,
    TABLE_UNKNOWN,
    VALUE_DOES_NOT_FIT,
    Problem,
)
from camcops.records.changes import Owner, owner_columns, owner_of
from camcops.records.lifecycle import KEY, MOVE_OFF, SERVER_COLUMNS, WHEN_MODIFIED
from camcops.tablet_api.cells import (
    LiteralReader,
    Misfit,
    Stored,
    literal_readers,
    required_columns,
)
from camcops.tablet_api.versions import MINIMUM_TABLET_VERSION, Version, parse_version

_ALWAYS = (KEY, WHEN_MODIFIED, MOVE_OFF)
_LONGEST_QUOTE = 60

# Characters; so nothing that identifies anybody is remembered.
_SHORT = len("NULL")
_MOST_KNOWN = 64
"""Of each of some five thousand columns, so that no tablet can fill the memory with them."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a tablet: its key, and all its values as they will be stored."""

    key: int
    when_modified: str | None
    move_off: bool
    values: Mapping[str, Stored]

    def owner(self, table: ClientTable) -> Owner | None:
        """The object that this record of a table belongs to."""
        return owner_of(table, self.key, tuple(self.values[name] for name in owner_columns(table)))


@dataclass(frozen=True, slots=True)
class IncomingTable:
    """The records that one request brings for one table, by the tablet's key."""

    table: ClientTable
    records: Mapping[int, Record] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Column:
    """Reads the literals of one column, and remembers short ones: most answers are a digit or NULL."""

    read: LiteralReader
    known: dict[str, Stored] = field(default_factory=dict)

    def stored(self, literal: str) -> Stored:
        """The value to store. Raises `Misfit`."""
        value = self.read(literal)
        if len(literal) <= _SHORT and len(self.known) < _MOST_KNOWN:
            self.known[literal] = value
        return value


@dataclass(frozen=True, slots=True)
class _TableReader:
    columns: Mapping[str, _Column]
    required: frozenset[str]


class IncomingReader:
    """Checks tables, fields and values against this server's tables. One serves all requests."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_table: dict[str, _TableReader] = {}

    def table(self, name: str, version: Version) -> ClientTable:
        """The client table of that name, if this tablet may send it; else raises `Problem`."""
        found = self._database.tables.get(name)
        if found is None:
            raise Problem(TABLE_UNKNOWN, table=quoted(name))
        needs = needed_version(found)
        if version < needs:
            raise Problem(TABLE_NEEDS_NEWER_TABLET, table=name, needs=needs, version=version)
        return found

    def check_key_name(self, table: ClientTable, name: str) -> None:
        if name != KEY:
            reason = f"the key must be {KEY!r}"
            raise Problem(COLUMN_REFUSED, column=quoted(name), table=table.name, reason=reason)

    def check_columns(self, table: ClientTable, names: Sequence[str]) -> None:
        """Raise `Problem` for a column that does not exist, is the server's own, or stands twice."""
        known = self._reader(table).columns
        seen: set[str] = set()
        for name in names:
            if name in known and name not in seen:
                seen.add(name)
                continue
            reason = "there is no such field"
            if name in seen:
                reason = "named twice"
            elif name in SERVER_COLUMNS or name in table.table.c:
                reason = "only the server fills this field"
            raise Problem(COLUMN_REFUSED, column=quoted(name), table=table.name, reason=reason)

    def records(self, table: ClientTable, rows: Iterable[dict[str, str]]) -> dict[int, Record]:
        """Convert rows (column → literal), numbered from 0. Raises `Problem`.

        The rows are used up, since a photograph's literal needn't outlive its value.
        """
        reader = self._reader(table)
        found: dict[int, Record] = {}
        for number, row in enumerate(rows):
            record = self._record(table, reader, number, row)
            if record.key in found:
                reason = f"key {record.key} stands twice"
                raise Problem(RECORD_REFUSED, table=table.name, record=number, reason=reason)
            found[record.key] = record
        return found

    def _record(
        self, table: ClientTable, reader: _TableReader, number: int, row: dict[str, str]
    ) -> Record:
        for name in _ALWAYS:
            if name not in row:
                reason = f"it lacks {name}"
                raise Problem(RECORD_REFUSED, table=table.name, record=number, reason=reason)
        values: dict[str, Stored] = {}
        columns = reader.columns
        for name in tuple(row):
            literal, column = row.pop(name), columns[name]
            if len(literal) <= _SHORT and literal in column.known:
                values[name] = column.known[literal]
                continue
            try:
                values[name] = column.stored(literal)
            except Misfit as misfit:
                raise _does_not_fit(table, number, name, str(misfit)) from None
        for name in reader.required:
            if values.get(name) is None:
                raise _does_not_fit(table, number, name, "a value is needed")
        key, when_modified = values[KEY], values[WHEN_MODIFIED]
        assert isinstance(key, int)
        assert when_modified is None or isinstance(when_modified, str)
        return Record(key, when_modified, bool(values[MOVE_OFF]), values)

    def _reader(self, table: ClientTable) -> _TableReader:
        reader = self._by_table.get(table.name)
        if reader is None:
            dialect = self._database.engine.dialect
            readers = literal_readers(table, dialect)
            columns = {name: _Column(read) for name, read in readers.items()}
            reader = _TableReader(columns, required_columns(table))
            self._by_table[table.name] = reader
        return reader


def needed_version(table: ClientTable) -> Version:
    """The oldest tablet program that knows a table."""
    return parse_version(table.since_client) or MINIMUM_TABLET_VERSION


def split_names(text: str, field_name: str) -> list[str]:
    """A comma list of names of tables or columns. Raises `Problem` for an empty name."""
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise Problem(FIELD_WRONG, field=field_name, reason="it has an empty name")
    return names


def quoted(text: str) -> str:
    """Text of a request as it may stand in a message: not too long."""
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"


def _does_not_fit(table: ClientTable, number: int, column: str, reason: str) -> Problem:
    return Problem(
        VALUE_DOES_NOT_FIT, table=table.name, record=number, column=column, reason=reason
    )
