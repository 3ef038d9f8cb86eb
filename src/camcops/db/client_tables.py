# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables that tablets fill: patients, ID numbers, BLOBs, and those of the instruments."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Column, Date, Float, Integer, MetaData, String, Table, Text
from sqlalchemy.types import TypeEngine

from camcops.db.client_columns import lifecycle_columns, patient_columns, task_columns
from camcops.db.schema import TABLE_OPTIONS, blobs, patient, patient_idnum
from camcops.db.types import Boolean, IsoDateTime, IsoTime
from camcops.instruments.model import ChildTable, Field, FieldType

if TYPE_CHECKING:
    from camcops.instruments.library import Library
    from camcops.instruments.model import Instrument

ClientKind = Literal["patient", "idnum", "blobs", "task", "ancillary"]

SINCE_FIRST_CLIENT = "2.0.0"


@dataclass(frozen=True, eq=False)
class ClientTable:
    """One such table; `child` is set for child rows, whose `instrument` is that of their tasks.

    `since_client` is the oldest tablet program that knows the table.
    """

    name: str
    table: Table
    instrument: "Instrument | None"
    child: ChildTable | None
    kind: ClientKind
    since_client: str = SINCE_FIRST_CLIENT

    @property
    def lookup(self) -> tuple[str, str, str]:
        """The columns by which rows are found: those of one owner, or of one object."""
        if self.child is not None:
            return ("_device_id", "_era", self.child.link)
        return ("_device_id", "_era", "patient_id" if self.kind == "idnum" else "id")


class ClientTables(Mapping[str, ClientTable]):
    """All of them by name, in the order in which an upload is committed.

    Each is derived when first asked for.
    """

    def __init__(self, library: "Library") -> None:
        self._library = library
        self._metadata = MetaData()
        self._deriving = threading.Lock()
        self._derived = {
            table.name: ClientTable(table.name, table, None, None, kind)
            for table, kind in _STANDARD
        }

    def __getitem__(self, name: str) -> ClientTable:
        known = self._derived.get(name)
        if known is not None:
            return known
        with self._deriving:  # one MetaData takes each table once, whatever number of threads ask
            if name not in self._derived:
                instrument, child = self._library.client_tables()[name]
                self._derived[name] = derive(instrument, child, self._metadata)
            return self._derived[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._known_names

    @cached_property
    def _names(self) -> tuple[str, ...]:
        found = self._library.client_tables()
        children = [name for name, (_, child) in found.items() if child is not None]
        tasks = [name for name, (_, child) in found.items() if child is None]
        return ("patient", "patient_idnum", *sorted(["blobs", *children]), *sorted(tasks))

    @cached_property
    def _known_names(self) -> frozenset[str]:
        return frozenset(self._names)


_STANDARD: tuple[tuple[Table, ClientKind], ...] = (
    (patient, "patient"),
    (patient_idnum, "idnum"),
    (blobs, "blobs"),
)


def derive(instrument: "Instrument", child: ChildTable | None, metadata: MetaData) -> ClientTable:
    """The table of an instrument, or of its child rows, on `metadata`."""
    if child is None:
        columns = [
            *lifecycle_columns(),
            *([] if instrument.is_anonymous else patient_columns()),
            *task_columns(),
            *(_column(field) for field in instrument.all_fields.values()),
        ]
        name = instrument.table
    else:
        columns = [
            *lifecycle_columns(),
            Column(child.link, Integer, nullable=False),
            Column(child.order, Integer, nullable=False),
            *(_column(field) for field in child.fields.values()),
        ]
        name = child.name
    table = Table(name, metadata, *columns, **TABLE_OPTIONS)
    kind: ClientKind = "task" if child is None else "ancillary"
    return ClientTable(name, table, instrument, child, kind, instrument.since_client)


def _column(field: Field) -> Column[Any]:
    return Column(field.name, column_type(field))


def column_type(field: Field) -> TypeEngine[Any]:
    """How an answer is stored: a date-time as text, with its zone; a BLOB as its number."""
    match field.type:
        case FieldType.INTEGER | FieldType.BIT | FieldType.BLOB:
            return Integer()
        case FieldType.NUMBER:
            return Float()
        case FieldType.BOOLEAN:
            return Boolean()
        case FieldType.TEXT:
            return Text() if field.length is None else String(field.length)
        case FieldType.DATE:
            return Date()
        case FieldType.TIME:
            return IsoTime()
        case FieldType.DATETIME:
            return IsoDateTime()
