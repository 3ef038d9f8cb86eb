# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden cases: the answers of a record, and what must come of them."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from camcops.instruments.clinical_text import clinical_text
from camcops.instruments.evaluate import evaluate
from camcops.instruments.language.words import Words
from camcops.instruments.library import Library
from camcops.instruments.model import Instrument
from camcops.instruments.results import PatientFacts, Record
from camcops.instruments.snomed import snomed
from camcops.instruments.trackers import trackers

OF_EVERY_TASK = frozenset({"is_complete", "seconds_from_creation_to_first_finish"})
_ATTRIBUTE = re.compile(r", (?=\{)")


@dataclass(frozen=True)
class Outcome:
    """What is compared; texts as string names, numbers as they are."""

    is_complete: bool
    valid: bool
    scores: Mapping[str, Any]
    trackers: list[float | None]
    snomed: list[tuple[str, ...]]
    clinical_text: list[str]


def cases(instrument: Instrument) -> Iterator[Mapping[str, Any]]:
    text = (instrument.folder / "vectors.json").read_text(encoding="utf-8")
    yield from json.loads(text)["vectors"]


def record_of(instrument: Instrument, case: Mapping[str, Any]) -> Record:
    rows = {
        table: sorted(rows, key=itemgetter(instrument.tables[table].order))
        for table, rows in case.get("ancillary", {}).items()
    }
    facts = case["patient"]
    patient = facts and PatientFacts(facts["sex"], date.fromisoformat(facts["dob"]))
    created = datetime.fromisoformat(case["generic"]["when_created"])
    return Record(case["fields"], rows, patient, created)


def outcome(library: Library, instrument: Instrument, case: Mapping[str, Any]) -> Outcome:
    """What our program makes of a case."""
    record = record_of(instrument, case)
    results = evaluate(instrument, record)
    strings = library.strings
    return Outcome(
        is_complete=results.is_complete,
        valid=results.valid,
        scores={
            name: strings.tokens(value) if isinstance(value, Words) else value
            for name, value in results.scores.items()
        },
        trackers=trackers(instrument, record, results),
        snomed=[_sorted_attributes(text) for text in snomed(instrument, record, results)],
        clinical_text=[
            strings.tokens(words) for words in clinical_text(instrument, record, results)
        ],
    )


def expected_outcome(instrument: Instrument, case: Mapping[str, Any]) -> Outcome:
    """What must come of a case. Instruments without summary columns may have scores all the same."""
    expected = case["expected"]
    summaries = {
        name: _number(value)
        for name, value in expected["summaries"].items()
        if name not in OF_EVERY_TASK
    }
    return Outcome(
        is_complete=expected["is_complete"],
        valid=expected["field_contents_valid"],
        scores=summaries,
        trackers=[_number(value) for value in expected["trackers"] or []],
        snomed=[_sorted_attributes(text) for text in expected["snomed"] or []],
        clinical_text=expected["clinical_text"],
    )


def differences(ours: Outcome, theirs: Outcome) -> list[str]:
    """What differs: nothing, if numbers agree to 1e-9 and all else exactly."""
    pairs = [
        ("complete", ours.is_complete, theirs.is_complete),
        ("valid", ours.valid, theirs.valid),
        ("score names", set(ours.scores), set(theirs.scores)),
        ("SNOMED CT", sorted(ours.snomed), sorted(theirs.snomed)),
        ("clinical text", ours.clinical_text, theirs.clinical_text),
        ("number of trackers", len(ours.trackers), len(theirs.trackers)),
    ]
    pairs += [(name, value, theirs.scores.get(name)) for name, value in ours.scores.items()]
    pairs += [("tracker", *pair) for pair in zip(ours.trackers, theirs.trackers, strict=False)]
    return [f"{name}: {one!r}, not {other!r}" for name, one, other in pairs if not same(one, other)]


def same(one: object, other: object) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return one == other


def _number(value: Any) -> Any:
    """A value as we give it: what crashed CamCOPS 2.4 or was no number is missing."""
    unusable = isinstance(value, dict) and not {"__error__", "__float__"}.isdisjoint(value)
    return None if unusable else value


def _sorted_attributes(expression: str) -> tuple[str, ...]:
    """An expression as focus and attributes, whose order means nothing."""
    focus, _, rest = expression.partition(" : ")
    return (focus, *sorted(_ATTRIBUTE.split(rest)))
