# SPDX-License-Identifier: GPL-3.0-or-later
"""Scoring: what stored answers, whatever they are, come to."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from camcops.instruments.clinical_text import clinical_text
from camcops.instruments.evaluate import PatientFacts, Record, Results, evaluate
from camcops.instruments.language.words import StringRef, Words
from camcops.instruments.library import load_library
from camcops.instruments.snomed import snomed
from camcops.instruments.trackers import trackers
from tests.instruments.definitions import instrument_of

LIBRARY = load_library()
PHQ9 = LIBRARY["phq9"]


def phq9(**answers: Any) -> Results:
    return evaluate(PHQ9, Record({**{f"q{n}": 1 for n in range(1, 11)}, **answers}))


def test_a_complete_record() -> None:
    results = phq9()
    assert results.is_complete
    assert results.valid
    assert results.scores["total"] == 9
    assert results.scores["severity"] == Words.of(StringRef("ui", "mild"))
    assert len(results.alerts) == 1


@pytest.mark.parametrize(
    ("answer", "total", "valid"),
    [
        (None, 8, True),
        ("", 8, True),
        ("2", 10, True),
        (2.0, 10, True),
        (7, 15, False),
        ("x", 8, False),
    ],
)
def test_what_was_stored_for_one_answer(answer: object, total: int, valid: bool) -> None:
    results = phq9(q4=answer)
    assert (results.scores["total"], results.valid) == (total, valid)
    assert results.is_complete is (valid and answer not in (None, ""))


def test_an_invalid_answer_is_named() -> None:
    (bad,) = phq9(q4=7).invalid
    assert (bad.table, bad.row_number, bad.field, bad.value) == ("phq9", None, "q4", 7)
    assert bad.says == "must be from 0 to 3"


def test_results_survive_storage() -> None:
    results = phq9(q4=7, q9=2)
    assert Results.from_json(results.to_json()) == results


def test_stored_results_serve_as_well_as_fresh_ones() -> None:
    record = Record({f"q{n}": 1 for n in range(1, 11)})
    fresh = evaluate(PHQ9, record)
    stored = Results.from_json(fresh.to_json())
    for ask in (trackers, snomed, clinical_text):
        assert ask(PHQ9, record, stored) == ask(PHQ9, record, fresh)


def test_an_unfinished_instrument_is_incomplete(tmp_path: Path) -> None:
    mine = instrument_of(tmp_path, "fields:\n  q1: {type: bit}\n")
    results = evaluate(mine, Record({"q1": 3}))
    assert not results.is_complete
    assert not results.valid
    assert results.scores == {}


def test_rows_count_for_validity_and_come_in_order(tmp_path: Path) -> None:
    body = """\
tables:
  mine_rows:
    link: mine_id
    order: seqnum
    fields: {x: {type: integer, max: 9}}
scores:
  latest: last(mine_rows).x
complete: len(mine_rows) > 0
pages:
  - each: mine_rows
    elements: [{number: row.x, ask: ui/no}]
"""
    mine = instrument_of(tmp_path, body)
    rows = [{"mine_id": 1, "seqnum": 2, "x": 12}, {"mine_id": 1, "seqnum": 1, "x": 4}]
    results = evaluate(mine, Record({}, {"mine_rows": rows}))
    assert results.scores["latest"] == 12
    assert not results.valid
    assert results.invalid[0].row_number == 2


def test_facts_about_patient_and_respondent(tmp_path: Path) -> None:
    body = """\
people: [respondent]
scores:
  born: {value: month(patient.dob)}
  woman: patient.sex == 'F'
complete: respondent_complete
"""
    mine = instrument_of(tmp_path, body)
    who = {"respondent_name": "A", "respondent_relationship": "B"}
    results = evaluate(mine, Record(who, {}, PatientFacts("F", date(1970, 7, 8))))
    assert results.is_complete
    assert results.scores == {"born": 7, "woman": True}


WALK = """\
fields:
  q{1..3}: {type: integer, min: 0, max: 5}
walk: {tallies: [points]}
pages:
  - elements: [{number: q1, ask: ui/no}]
    then:
      - {if: q1 >= 3, add: {points: q1}}
      - {if: points >= 4, go: last}
  - elements: [{number: q2, ask: ui/no}]
    then: [{add: {points: q2}}]
  - id: last
    when: q1 != 0
    elements: [{number: q3, ask: ui/no, required: q1 != 5}]
    then: [{set: {points: points + q3}}]
scores:
  points_scored: points
complete: walk_complete
"""


@pytest.mark.parametrize(
    ("answers", "points", "complete", "path"),
    [
        ({}, 0, False, (0,)),
        ({"q1": 1}, 0, False, (0, 1)),
        ({"q1": 1, "q2": 2, "q3": 3}, 5, True, (0, 1, 2)),
        ({"q1": 3, "q2": 2, "q3": 1}, 6, True, (0, 1, 2)),
        ({"q1": 4, "q2": 5, "q3": 1}, 5, True, (0, 2)),
        ({"q1": 4, "q2": 5}, 4, False, (0, 2)),
        ({"q1": 5}, 5, True, (0, 2)),
        ({"q1": 0, "q2": 1, "q3": 4}, 1, True, (0, 1)),
    ],
)
def test_a_walk(
    tmp_path: Path, answers: dict[str, int], points: int, complete: bool, path: tuple[int, ...]
) -> None:
    results = evaluate(instrument_of(tmp_path, WALK), Record(answers))
    assert results.reading is not None
    assert results.reading.path == path
    assert (results.scores["points_scored"], results.is_complete) == (points, complete)


def test_mapped_codes_are_shortened_until_found() -> None:
    instrument = LIBRARY["diagnosis_icd10"]
    rows = [{"seqnum": 1, "code": "F32.10"}, {"seqnum": 2, "code": "Q1"}]
    record = Record({}, {"diagnosis_icd10_item": rows})
    results = evaluate(instrument, record)
    known = {"F32": ["111", "222"]}
    found = snomed(instrument, record, results, lambda code_map, code: known.get(code, []))
    assert found == ["111 + 222"]


def test_the_rules_hash_covers_rules_and_not_wording(tmp_path: Path) -> None:
    body = "fields:\n  q1: {type: bit, about: one}\nscores:\n  s: {value: q1, label: ui/no}\ncomplete: yes\n"
    first = instrument_of(tmp_path / "a", body).rules_hash
    assert (
        instrument_of(
            tmp_path / "b", body.replace("one", "two").replace("ui/no", "ui/yes")
        ).rules_hash
        == first
    )
    assert (
        instrument_of(tmp_path / "c", body.replace("value: q1", "value: q1 + 1")).rules_hash
        != first
    )
    assert len(first) == 64
