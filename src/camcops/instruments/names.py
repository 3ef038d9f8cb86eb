# SPDX-License-Identifier: GPL-3.0-or-later
"""What each name of an instrument means to its expressions."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from camcops.instruments.language.scope import Scope, Symbol, SymbolKind, declare
from camcops.instruments.language.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    INTEGER,
    NUMBER,
    TEXT,
    TIME,
    Type,
    list_of,
    row_of,
)
from camcops.instruments.model import ChildTable, FieldType, Instrument

TYPES: Mapping[FieldType, Type] = MappingProxyType(
    {
        FieldType.INTEGER: INTEGER,
        FieldType.NUMBER: NUMBER,
        FieldType.BOOLEAN: BOOLEAN,
        FieldType.BIT: INTEGER,
        FieldType.TEXT: TEXT,
        FieldType.DATE: DATE,
        FieldType.TIME: TIME,
        FieldType.DATETIME: DATETIME,
        FieldType.BLOB: INTEGER,
    }
)
_FORM_NAME = re.compile(r"\b(?:settings|user)\.[A-Za-z_]\w*", re.ASCII)

Pairs = Iterator[tuple[str, Symbol]]


def scope_of(instrument: Instrument, tallies: tuple[str, ...]) -> Scope:
    """The names of the record, before `define` and `scores` are added; LanguageError on a clash."""
    symbols = declare(_record_symbols(instrument, tallies))
    optional = [
        ("short_name", Symbol(SymbolKind.FACT, TEXT)),
        ("title", Symbol(SymbolKind.FACT, TEXT)),
    ]
    taken = {*symbols, *instrument.raw.get("define", {}), *instrument.raw.get("scores", {})}
    symbols.update({name: symbol for name, symbol in optional if name not in taken})
    tables = {table.name: _row_symbols(table) for table in instrument.tables.values()}
    return Scope(symbols, tables, string_set=instrument.string_set)


def _record_symbols(instrument: Instrument, tallies: tuple[str, ...]) -> Pairs:
    for field in instrument.all_fields.values():
        yield field.name, Symbol(SymbolKind.FIELD, TYPES[field.type])
    for name, members in instrument.groups.items():
        yield name, Symbol(SymbolKind.GROUP, members=members)
    for name in instrument.tables:
        yield name, Symbol(SymbolKind.ROWS, list_of(row_of(name)))
    for name in tallies:
        yield name, Symbol(SymbolKind.FACT, INTEGER)
    yield from _facts(instrument)


def _facts(instrument: Instrument) -> Pairs:
    if not instrument.is_anonymous:
        yield "patient.sex", Symbol(SymbolKind.FACT, TEXT)
        yield "patient.dob", Symbol(SymbolKind.FACT, DATE)
        reason = "patient.name is known to pages only"
        yield "patient.name", Symbol(SymbolKind.FACT, TEXT, form_only=reason)
    yield "created", Symbol(SymbolKind.FACT, DATETIME)
    yield "valid", Symbol(SymbolKind.FACT, BOOLEAN)
    if instrument.has_respondent:
        yield "respondent_complete", Symbol(SymbolKind.FACT, BOOLEAN)
    if "walk" in instrument.raw:
        yield "walk_complete", Symbol(SymbolKind.FACT, BOOLEAN)
    for name in sorted(set(_FORM_NAME.findall("\n".join(texts_of(instrument.raw))))):
        yield name, Symbol(SymbolKind.FACT, TEXT, form_only=f"{name} is known to the form only")


def texts_of(value: object) -> Iterator[str]:
    """Every text in nested maps and lists, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts_of(key)
            yield from texts_of(inner)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)


def _row_symbols(table: ChildTable) -> dict[str, Symbol]:
    fields = [(f.name, Symbol(SymbolKind.FIELD, TYPES[f.type])) for f in table.fields.values()]
    order = [(table.order, Symbol(SymbolKind.FIELD, INTEGER))]
    return declare([*order, *fields])
