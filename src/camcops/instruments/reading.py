# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a stored record as the language sees it: answers coerced and checked, facts gathered, walks walked."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from camcops.instruments.language.coercion import coerce
from camcops.instruments.language.environment import Environment, Values
from camcops.instruments.model import Field, Instrument
from camcops.instruments.names import TYPES
from camcops.instruments.procedures import procedure_of
from camcops.instruments.results import InvalidAnswer, Record
from camcops.instruments.walks import take_walk

RESPONDENT = ("respondent_name", "respondent_relationship")

_WHOLE = (int, bool)
_MOST_USUAL = 32


@dataclass(frozen=True)
class Reading:
    """The environment of a record's expressions; the answers that aren't permitted; the walk's pages."""

    environment: Environment
    invalid: tuple[InvalidAnswer, ...]
    path: tuple[int, ...] | None = None


def read_record(instrument: Instrument, record: Record) -> Reading:
    """Make a record ready to be scored; nothing in it can make this fail."""
    invalid: list[InvalidAnswer] = []
    readers = _readers(instrument)
    fields = _answers(instrument.table, readers[instrument.table], record.fields, None, invalid)
    rows: dict[str, list[Values]] = {}
    for table in instrument.tables.values():
        kept = _ordered(record.rows.get(table.name, ()), table.order)
        rows[table.name] = [
            _answers(table.name, readers[table.name], row, number, invalid)
            for number, row in enumerate(kept, 1)
        ]
        for answers, row in zip(rows[table.name], kept, strict=True):
            answers[table.order] = _integer(row.get(table.order))
    facts = _facts(instrument, record, fields)
    facts["valid"] = not invalid
    if "server" in instrument.procedure:
        facts.update(procedure_of(instrument.path.parent).scores(fields, rows, record))
    definition = instrument.definition
    rules = definition.rules
    facts.update(dict.fromkeys(rules.tallies, 0))
    program = rules.definitions.program
    environment = Environment(program, fields, rows, facts, definition.labels)
    path: tuple[int, ...] | None = None
    if "walk" in instrument.raw:
        path = take_walk(instrument, environment)
    return Reading(environment, tuple(invalid), path)


def _ordered(rows: Sequence[Mapping[str, Any]], order: str) -> Sequence[Mapping[str, Any]]:
    """Rows by their sequence number, however it was begun; those without one last, as they come."""
    return sorted(
        rows, key=lambda row: (_integer(row.get(order)) is None, _integer(row.get(order)) or 0)
    )


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) else None


@lru_cache(maxsize=4096)
def limits_in_words(field: Field) -> str:
    """What a field permits, in words."""
    if field.values is not None:
        listed = ", ".join(sorted(map(str, field.values), key=lambda text: (len(text), text)))
        return f"must be one of {listed}"
    low, high = field.minimum, field.maximum
    if low is None and high is None:
        return "must be 0 or 1"
    if low is None or high is None:
        return f"must be at least {low}" if high is None else f"must be at most {high}"
    return f"must be from {low} to {high}"


class _Answer(NamedTuple):
    """How one field is read."""

    name: str
    usual: Mapping[object, Any]
    """Small whole numbers that are permitted, as they are read: almost every answer is one of them."""
    field: Field
    is_limited: bool


@lru_cache(maxsize=512)
def _readers(instrument: Instrument) -> Mapping[str, tuple[_Answer, ...]]:
    """The fields of the instrument's tables, by table."""
    found = {instrument.table: instrument.all_fields}
    found |= {table.name: table.fields for table in instrument.tables.values()}
    return {
        table: tuple(
            _Answer(name, _usual(field), field, field.is_limited) for name, field in fields.items()
        )
        for table, fields in found.items()
    }


def _usual(field: Field) -> Mapping[object, Any]:
    type_ = TYPES[field.type]
    if not type_.is_numeric:
        return {}
    first = 0 if field.minimum is None else math.ceil(field.minimum)
    read = {number: coerce(number, type_)[0] for number in range(first, first + _MOST_USUAL)}
    return {number: value for number, value in read.items() if field.permits(value)}


def _answers(
    table: str,
    readers: Iterable[_Answer],
    given: Mapping[str, Any],
    number: int | None,
    invalid: list[InvalidAnswer],
) -> Values:
    answers = Values()
    for name, usual, field, is_limited in readers:
        stored = given.get(name)
        if stored is None:
            continue
        if type(stored) in _WHOLE and stored in usual:
            answers[name] = usual[stored]
            continue
        if stored == "":
            continue
        value, reads = coerce(stored, TYPES[field.type])
        if not reads:
            says = f"does not read as {field.type}"
            invalid.append(InvalidAnswer(table, number, name, stored, says))
            continue
        if is_limited and not field.permits(value):
            says = limits_in_words(field)
            invalid.append(InvalidAnswer(table, number, name, stored, says))
        answers[name] = value
    return answers


def _facts(instrument: Instrument, record: Record, fields: Mapping[str, Any]) -> Values:
    patient = record.patient
    facts = Values(
        {
            "patient.sex": patient.sex if patient else None,
            "patient.dob": patient.dob if patient else None,
            "created": record.created,
            "short_name": instrument.short_name,
            "title": instrument.title,
        }
    )
    if instrument.has_respondent:
        facts["respondent_complete"] = all(fields.get(name) is not None for name in RESPONDENT)
    return facts
