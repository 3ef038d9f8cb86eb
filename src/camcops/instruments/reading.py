# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a stored record as the language sees it: answers coerced and checked, facts gathered, walks walked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from camcops.instruments.language.coercion import coerce
from camcops.instruments.language.environment import Environment
from camcops.instruments.language.types import Type
from camcops.instruments.model import Field, Instrument
from camcops.instruments.names import TYPES
from camcops.instruments.procedures import procedure_of
from camcops.instruments.results import InvalidAnswer, Record
from camcops.instruments.walks import take_walk

RESPONDENT = ("respondent_name", "respondent_relationship")


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
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for table in instrument.tables.values():
        kept = _ordered(record.rows.get(table.name, ()), table.order)
        rows[table.name] = [
            {
                **_answers(table.name, readers[table.name], row, number, invalid),
                table.order: _integer(row.get(table.order)),
            }
            for number, row in enumerate(kept, 1)
        ]
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


@dataclass(frozen=True, slots=True)
class _Answer:
    """How one field is read."""

    name: str
    field: Field
    type: Type
    is_limited: bool


@lru_cache(maxsize=512)
def _readers(instrument: Instrument) -> Mapping[str, tuple[_Answer, ...]]:
    """The fields of the instrument's tables, by table."""
    found = {instrument.table: instrument.all_fields}
    found |= {table.name: table.fields for table in instrument.tables.values()}
    return {
        table: tuple(
            _Answer(name, field, TYPES[field.type], field.is_limited)
            for name, field in fields.items()
        )
        for table, fields in found.items()
    }


def _answers(
    table: str,
    fields: Iterable[_Answer],
    given: Mapping[str, Any],
    number: int | None,
    invalid: list[InvalidAnswer],
) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for one in fields:
        stored = given.get(one.name)
        if stored is None or stored == "":
            continue
        value, reads = coerce(stored, one.type)
        if not reads:
            says = f"does not read as {one.field.type}"
            invalid.append(InvalidAnswer(table, number, one.name, stored, says))
            continue
        if one.is_limited and not one.field.permits(value):
            says = limits_in_words(one.field)
            invalid.append(InvalidAnswer(table, number, one.name, stored, says))
        answers[one.name] = value
    return answers


def _facts(instrument: Instrument, record: Record, fields: Mapping[str, Any]) -> dict[str, Any]:
    patient = record.patient
    facts: dict[str, Any] = {
        "patient.sex": patient.sex if patient else None,
        "patient.dob": patient.dob if patient else None,
        "created": record.created,
        "short_name": instrument.short_name,
        "title": instrument.title,
    }
    if instrument.has_respondent:
        facts["respondent_complete"] = all(fields.get(name) is not None for name in RESPONDENT)
    return facts
