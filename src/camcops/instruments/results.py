# SPDX-License-Identifier: GPL-3.0-or-later
"""A record as it is scored, and what scoring it gives."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from camcops.instruments.language.words import Words

if TYPE_CHECKING:
    from camcops.instruments.reading import Reading

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

_SAME_IN_JSON = (bool, int, float, type(None))

ScoreValue = bool | int | float | str | date | time | Words | None


@dataclass(frozen=True)
class PatientFacts:
    """What scores may depend on of a patient; `sex` is M, F or X."""

    sex: str | None = None
    dob: date | None = None


@dataclass(frozen=True)
class Record:
    """A task's answers, as stored: numbers, texts, dates; times and date-times as ISO 8601 text.

    `fields` may hold more than the instrument's own fields. `rows` holds the rows of each child table, in any
    order; `created` is when the record was begun.
    """

    fields: Mapping[str, Any]
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    patient: PatientFacts | None = None
    created: datetime | None = None


@dataclass(frozen=True)
class InvalidAnswer:
    """An answer that its field does not permit; `row_number` counts from 1, None in the task itself."""

    table: str
    row_number: int | None
    field: str
    value: Any
    says: str


@dataclass(frozen=True)
class Results:
    """Completeness, validity, scores by name (missing: None), and alerts."""

    is_complete: bool
    valid: bool
    invalid: tuple[InvalidAnswer, ...]
    scores: Mapping[str, ScoreValue]
    alerts: tuple[Words, ...]
    reading: "Reading | None" = field(default=None, compare=False, repr=False)

    def to_json(self) -> str:
        """Compact JSON; texts stay language-neutral."""
        return self._json

    @cached_property
    def _json(self) -> str:
        invalid = [
            [item.table, item.row_number, item.field, _plain(item.value), item.says]
            for item in self.invalid
        ]
        content = {
            "complete": self.is_complete,
            "valid": self.valid,
            "invalid": invalid,
            "scores": {name: _to_json(value) for name, value in self.scores.items()},
            "alerts": [words.to_json() for words in self.alerts],
        }
        return _COMPACT.encode(content)

    @classmethod
    def from_json(cls, text: str) -> "Results":
        """The inverse of `to_json`."""
        content = json.loads(text)
        return cls(
            is_complete=content["complete"],
            valid=content["valid"],
            invalid=tuple(InvalidAnswer(*item) for item in content["invalid"]),
            scores={name: _from_json(value) for name, value in content["scores"].items()},
            alerts=tuple(Words.from_json(parts) for parts in content["alerts"]),
        )


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _to_json(value: ScoreValue) -> Any:
    if type(value) in _SAME_IN_JSON:
        return value
    if isinstance(value, Words):
        return {"words": value.to_json()}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, time):
        return {"time": value.isoformat()}
    return value


def _from_json(value: Any) -> ScoreValue:
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    ((kind, content),) = value.items()
    if kind == "words":
        return Words.from_json(content)
    if kind == "datetime":
        return datetime.fromisoformat(content)
    return date.fromisoformat(content) if kind == "date" else time.fromisoformat(content)
