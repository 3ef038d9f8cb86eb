# SPDX-License-Identifier: GPL-3.0-or-later
"""Plausible answers to any instrument, from its definition alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from camcops.demonstration.people import Person
from camcops.demonstration.picture import draw_picture
from camcops.instruments.model import Field, FieldType, Instrument
from camcops.tablet_api.literals import Value

MEASURES = {"height": (1.5, 1.95), "mass": (47.0, 112.0), "waist": (64.0, 118.0)}
DIAGNOSES = {
    "icd10": [
        ("F32.1", "moderate depressive episode"),
        ("F33.2", "recurrent depressive disorder, current episode severe"),
        ("F41.1", "generalized anxiety disorder"),
        ("F20.0", "paranoid schizophrenia"),
        ("F10.2", "alcohol dependence"),
        ("F43.1", "post-traumatic stress disorder"),
    ]
}
SENTENCES = [
    "Sleeping a little better since the change of medication.",
    "Came with a relative, who confirms the account.",
    "No thoughts of self-harm reported today; safety plan reviewed.",
    "Appetite still poor; weight to be checked again in two weeks.",
    "Work remains difficult but has been back part-time.",
    "Would like to continue with the sessions.",
]
PICTURED = [
    "Left forearm, healing",
    "Right shin, rash",
    "Dressing changed today",
    "Back of the hand, after two weeks",
]
INCOMPLETE = 0.06


@dataclass
class Answers:
    """What one record holds: its columns, its child rows by table, and pictures still without a place."""

    columns: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Picture:
    """Stands in a blob field until the picture has a number."""

    content: bytes


@dataclass
class Inventor:
    """Answers of one person on one day; `severity` from 0 to 1."""

    random: Random
    severity: float
    created: datetime
    person: Person | None = None

    def answer(self, instrument: Instrument) -> Answers:
        elements = dict(_asked_as(instrument.raw.get("pages")))
        skip = self.random.random() < INCOMPLETE
        columns = {
            name: None if skip and self.random.random() < 0.4 else self._value(field, elements)
            for name, field in instrument.fields.items()
            if field.default or not field.hidden
        }
        if instrument.has_clinician:
            columns |= {
                "clinician_specialty": "Liaison psychiatry",
                "clinician_name": "Dr Jo Marsh",
                "clinician_post": "Consultant psychiatrist",
                "clinician_service": "Demonstration Service",
            }
        rows = {}
        for table in instrument.tables.values():
            rows[table.name] = [
                {n: self._value(f, elements) for n, f in table.fields.items() if not f.hidden}
                for _ in range(self.random.randint(1, 3))
            ]
            for row in rows[table.name]:
                self._diagnose(row, elements)
        self._diagnose(columns, elements)
        return Answers(columns, rows)

    def _value(self, field: Field, elements: Mapping[str, Mapping[str, Any]]) -> Any:
        element = elements.get(field.name, {})
        if units := element.get("units"):
            return self._measure(units)
        match field.type:
            case FieldType.BLOB:
                return Picture(draw_picture(self.random))
            case FieldType.TEXT if field.values is None:
                return "Demonstration Service" if field.default else self._sentence(field)
            case FieldType.DATE:
                return self.created.date().isoformat()
            case FieldType.DATETIME:
                return self.created.isoformat(timespec="milliseconds")
            case FieldType.TIME:
                return self.created.strftime("%H:%M:%S")
            case FieldType.BOOLEAN | FieldType.BIT:
                return int(self.random.random() < self.severity)
        return self._level(field)

    def _level(self, field: Field) -> Value:
        if field.values is not None:
            choices = sorted(field.values, key=str)
        else:
            low = int(field.minimum or 0)
            choices = list(range(low, int(field.maximum if field.maximum is not None else 10) + 1))
        level = min(1.0, max(0.0, self.random.gauss(self.severity, 0.18)))
        return choices[round(level * (len(choices) - 1))]

    def _measure(self, units: str) -> float:
        low, high = MEASURES[units]
        place = Random(f"{self.person}{units}").random()
        steady = low + (high - low) * place
        change = 1.0 if units == "height" else 1 + 0.06 * (self.severity - 0.5)
        return round(steady * change, 2 if units == "height" else 1)

    def _sentence(self, field: Field) -> str:
        if "location" in field.name:
            return self.random.choice(["Clinic", "Ward 4", "At home", "By telephone"])
        if "description" in field.name:
            return self.random.choice(PICTURED)
        count = self.random.randint(1, 3 if "note" in field.name else 1)
        return " ".join(self.random.sample(SENTENCES, count))

    def _diagnose(self, row: dict[str, Any], elements: Mapping[str, Mapping[str, Any]]) -> None:
        for name, element in elements.items():
            if "codes" in element and name in row:
                code, description = self.random.choice(DIAGNOSES[element["codes"]])
                row[name] = code
                row[_plain(element["description"])] = description


def _asked_as(node: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each field with the element that asks for it, for the kinds that say what a value may be."""
    if isinstance(node, Mapping):
        for kind in ("measure", "diagnosis"):
            if kind in node:
                yield _plain(node[kind]), node
        for child in node.values():
            yield from _asked_as(child)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from _asked_as(child)


def _plain(name: str) -> str:
    return name.removeprefix("row.")


def visits(random: Random, start: datetime, days: int) -> list[datetime]:
    """Times of visits over a period: about one in five weeks, on working days, between nine and five."""
    times = []
    day = random.uniform(0, 30)
    while day < days:
        when = start + timedelta(days=int(day))
        if when.weekday() < 5:
            times.append(when.replace(hour=random.randint(9, 16), minute=random.randrange(60)))
        day += random.uniform(20, 50)
    return times
