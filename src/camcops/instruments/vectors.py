# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden cases: answers and what CamCOPS 2.4 made of them. Score such a case, and compare."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from camcops.instruments.clinical_text import clinical_text
from camcops.instruments.evaluate import evaluate, seconds_to_first_finish
from camcops.instruments.language.words import Words
from camcops.instruments.model import Instrument
from camcops.instruments.results import PatientFacts, Record, Results
from camcops.instruments.snomed import snomed
from camcops.instruments.strings import Strings
from camcops.instruments.trackers import trackers

VECTORS_FILE = "vectors.json"
TOLERANCE = 1e-9


class CaseError(ValueError):
    """A case that can't be read; the text says why."""


@dataclass(frozen=True)
class Case:
    """One record to score, with what is known of its editing."""

    record: Record
    first_exit: datetime | None
    is_finish: bool | None


def case_from(content: Mapping[str, Any]) -> Case:
    """A case from its JSON: `fields`, `ancillary` child rows, `patient`, `generic`."""
    fields = _mapping(content, "fields")
    rows = {name: _rows(name, of) for name, of in _mapping(content, "ancillary").items()}
    patient, generic = content.get("patient"), _mapping(content, "generic")
    if patient is not None and not isinstance(patient, dict):
        raise CaseError("its patient is no object")
    facts = None
    if patient is not None:
        facts = PatientFacts(patient.get("sex") or None, _date(patient.get("dob")))
    created = _moment(generic.get("when_created"), "when_created")
    first_exit = _moment(generic.get("when_firstexit"), "when_firstexit")
    is_finish = generic.get("firstexit_is_finish")
    return Case(Record(fields, rows, facts, created), first_exit, bool(is_finish))


def _mapping(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CaseError(f"its {key} is no object")
    return value


def _rows(name: str, rows: Any) -> list[dict[str, Any]]:
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CaseError(f"its rows of {name} are no list of objects")
    return rows


def _date(value: Any) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise CaseError(f"its patient's date of birth {value!r} is no date (YYYY-MM-DD)") from None


def _moment(value: Any, name: str) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise CaseError(f"its {name} {value!r} is no ISO 8601 date and time") from None
    if moment.tzinfo is None:
        raise CaseError(f"its {name} {value!r} has no time zone")
    return moment


def score_case(
    instrument: Instrument, case: Case, strings: Strings, *, tokens: bool
) -> dict[str, Any]:
    """What scoring gives, as JSON: texts as tokens, or in words."""
    put = strings.tokens if tokens else strings.render
    results = evaluate(instrument, case.record)
    summaries = {**standard_summaries(instrument, case, results), **results.scores}
    return {
        "table": instrument.table,
        "is_complete": results.is_complete,
        "valid": results.valid,
        "scores": {name: _written(value, put) for name, value in summaries.items()},
        "trackers": [_written(v, put) for v in trackers(instrument, case.record, results)],
        "snomed": snomed(instrument, case.record, results),
        "clinical_text": [put(w) for w in clinical_text(instrument, case.record, results)],
    }


def standard_summaries(instrument: Instrument, case: Case, results: Results) -> dict[str, Any]:
    """The summary columns that instruments have unless they say `summaries: no`."""
    if not instrument.summaries:
        return {}
    seconds = seconds_to_first_finish(case.record.created, case.first_exit, case.is_finish)
    return {
        "is_complete": results.is_complete,
        "seconds_from_creation_to_first_finish": seconds,
    }


def _written(value: Any, put: Any) -> Any:
    if isinstance(value, Words):
        return put(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def read_vectors(path: Path) -> list[dict[str, Any]]:
    """The cases of a `vectors.json`."""
    vectors: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["vectors"]
    return vectors


def differences(
    instrument: Instrument, vector: Mapping[str, Any], strings: Strings
) -> Iterator[str]:
    """How our results differ from what a golden case expects; nothing if they agree."""
    found = score_case(instrument, case_from(vector), strings, tokens=True)
    wanted = vector["expected"]
    yield from _difference("is_complete", wanted.get("is_complete"), found["is_complete"])
    yield from _difference("valid", wanted.get("field_contents_valid"), found["valid"])
    for name, value in wanted.get("summaries", {}).items():
        if name not in found["scores"]:
            yield f"there is no score {name}"
        else:
            yield from _difference(name, _expected(value), found["scores"][name])
    charted = [_expected(value) for value in wanted.get("trackers") or []]
    yield from _difference("trackers", charted, found["trackers"])
    expressions = sorted(map(_normal, wanted.get("snomed") or []))
    yield from _difference("snomed", expressions, sorted(map(_normal, found["snomed"])))
    if "clinical_text" in wanted:
        yield from _difference("clinical_text", wanted["clinical_text"], found["clinical_text"])


def _expected(value: Any) -> Any:
    """What CamCOPS 2.4 crashed on, or could not reckon, is missing here."""
    return None if isinstance(value, dict) and {"__error__", "__float__"} & set(value) else value


def _difference(name: str, wanted: Any, found: Any) -> Iterator[str]:
    if not _agree(wanted, found):
        yield f"{name}: expected {wanted!r}, got {found!r}"


def _agree(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(_agree, wanted, found))
    numeric = isinstance(wanted, int | float) and isinstance(found, int | float)
    if numeric and isinstance(wanted, bool) == isinstance(found, bool):
        return math.isclose(wanted, found, rel_tol=TOLERANCE)
    return type(wanted) is type(found) and bool(wanted == found)


def _normal(expression: str) -> str:
    """A SNOMED CT expression with its attributes in alphabetical order."""
    focus, colon, refinement = expression.partition(" : ")
    if not colon:
        return expression
    return f"{focus} : {', '.join(sorted(_parts(refinement)))}"


def _parts(refinement: str) -> list[str]:
    """The attributes and groups, those of a group sorted; commas in texts and braces don't part."""
    parts: list[str] = [""]
    depth, quoted, escaped = 0, False, False
    for sign in refinement:
        if quoted:
            quoted = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
        elif sign == '"':
            quoted = True
        else:
            depth += {"{": 1, "}": -1}.get(sign, 0)
            if sign == "," and depth == 0:
                parts.append("")
                continue
        parts[-1] += sign
    stripped = [part.strip() for part in parts]
    return [
        f"{{ {', '.join(sorted(_parts(part[2:-2])))} }}" if part.startswith("{ ") else part
        for part in stripped
    ]
