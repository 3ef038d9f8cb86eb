# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a definition is said all at once, each fault with its line (the head has five)."""

from pathlib import Path

import pytest

from camcops.instruments.library import load_library
from camcops.problems import Problem
from tests.instruments.definitions import faults_of, instrument_of, site_library

GOOD = """\
fields:
  q1: {type: integer, min: 0, max: 2}
choices:
  amount: {0: ui/no, 1: ui/yes}
pages:
  - elements: [{choice: q1, choices: amount}]
complete: valid and q1 is not None
"""


def test_a_good_one_has_none(tmp_path: Path) -> None:
    assert faults_of(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("complete: valid", "complet: valid", "12: the definition has no key 'complet'"),
        ("type: integer", "type: whole", "7: type must be one of integer"),
        ("max: 2", "max: two", "7: max must be a number"),
        ("{choice: q1,", "{chioce: q1,", "11: an element must begin with its kind"),
        ("{choice: q1,", "{choice: q2,", "11: q2 is no field"),
        ("choices: amount}", "choices: amounts}", "11: there is no set of choices 'amounts'"),
        ("choices: amount}", "choices: amount, colour: red}", "11: a choice has no key 'colour'"),
        ("1: ui/yes", "3: ui/yes", "11: the choices amount offer 3, which q1 may not hold"),
        ("1: ui/yes", "1: ui/nowhere", "9: there is no string ui/nowhere"),
        ("q1 is not None", "q9 is not None", "12: "),
        ("q1 is not None", "q1 + 'a'", "12: "),
        ("choices:\n", "choices:\n  spare: {0: ui/no}\n", "9: the choices spare are never offered"),
        ("pages:", "groups: {g: [q1]}\npages:", "10: the group g is never used"),
        ("pages:", "define: {d: q1 + 1}\npages:", "10: d is defined but never used"),
        (
            "fields:\n",
            "fields:\n  q0: {type: bit}\n",
            "7: q0 is neither asked nor derived nor hidden",
        ),
        ("fields:\n", "fields:\n  id: {type: bit, hidden: yes}\n", "7: id is a column that every"),
        ("fields:\n", "fields:\n  Q1: {type: bit, hidden: yes}\n", "7: two fields differ by"),
        ("[{choice", "[{image: cat.png}, {choice", "11: there is no file media/cat.png"),
        (
            "complete:",
            "trackers: [{value: q1, title: ui/no, bands: q1}]\ncomplete:",
            "12: q1 has no bands",
        ),
        ("complete:", "snomed: [{code: a, each: rows}]\ncomplete:", "12: rows is no child table"),
    ],
)
def test_a_fault_is_found_at_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in GOOD
    found = faults_of(tmp_path, GOOD.replace(old, new))
    assert any(one.startswith(fault) for one in found), found


CHILD = """\
tables:
  {name}:
    link: mine_id
    order: seqnum
    fields:
      note: {{type: text, hidden: yes}}
"""


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("blobs", "7: the table blobs is one of the server's own"),
        ("_task_index", "7: '_task_index' is no name for a table"),
        ("Rows", "7: 'Rows' is no name for a table"),
        ("r" * 51, "7: the table's name is longer than 50 characters"),
        ("diagnosis_icd10_item", "0: the table diagnosis_icd10_item belongs to diagnosis_icd10"),
        ("gad7", "0: the table gad7 belongs to gad7 already"),
    ],
)
def test_a_table_needs_a_name_of_its_own(tmp_path: Path, name: str, fault: str) -> None:
    found = faults_of(tmp_path, CHILD.format(name=name) + GOOD)
    assert any(one.startswith(fault) for one in found), found


def test_a_site_does_not_take_a_table_of_the_server(tmp_path: Path) -> None:
    site_library(tmp_path, "patient", GOOD)
    with pytest.raises(Problem, match="the table patient is one of the server's own"):
        load_library([tmp_path])


def test_all_faults_are_listed(tmp_path: Path) -> None:
    body = GOOD.replace("choices: amount}", "choices: amount, when: q7, required: q8}")
    found = faults_of(tmp_path, body)
    assert sum(one.startswith("11: ") for one in found) == 2


def test_a_site_with_a_faulty_definition_does_not_load(tmp_path: Path) -> None:
    instrument_of(tmp_path, GOOD.replace("q1 is not None", "qq"))
    with pytest.raises(Problem, match=r"mine/instrument.yaml:12: .*qq"):
        load_library([tmp_path])


def test_a_site_may_not_redefine_what_is_built_in(tmp_path: Path) -> None:
    (tmp_path / "phq9").mkdir()
    (tmp_path / "phq9" / "instrument.yaml").write_text("table: phq9\n")
    with pytest.raises(Problem, match="phq9 is defined already"):
        load_library([tmp_path])


def test_based_on_takes_the_rest_from_another(tmp_path: Path) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    (own / "instrument.yaml").write_text("based_on: gad7\ntable: mine\ntitle: My own\n")
    mine = load_library([tmp_path])["mine"]
    assert (mine.title, mine.short_name) == ("My own", "GAD-7")
    assert list(mine.scores) == ["total", "severity"]


def test_a_definition_of_structure_only_is_valid(tmp_path: Path) -> None:
    body = "fields:\n  q{1..2}: {type: bit, about: [one, two]}\n"
    mine = instrument_of(tmp_path, body)
    assert not mine.finished
    assert [field.about for field in mine.fields.values()] == ["one", "two"]
