# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes of diagnoses: the tree of ICD-10, and the words for codes that are made from others."""

import pytest

from camcops.instruments.codes import load_codes
from camcops.instruments.language.words import StringRef, Words


def strings(*names: str) -> Words:
    parts: list[str | StringRef] = []
    for name in names:
        parts += [": ", StringRef("icd10", name)] if parts else [StringRef("icd10", name)]
    return Words(tuple(parts))


def test_icd10_holds_camcops_codes_and_the_courses_of_schizophrenia() -> None:
    codes = load_codes("icd10").codes
    courses = [code for code in codes if code.code.startswith("F20.") and len(code.code) == 6]
    assert len(courses) == 9 * 8
    assert len(codes) - len(courses) == 3332
    assert sum(code.selectable for code in codes) - len(courses) == 3318


def test_every_code_fits_its_column() -> None:
    assert max(len(code.code) for code in load_codes("icd10").codes) == 7


def test_the_parent_is_the_nearest_earlier_shorter_code() -> None:
    known = load_codes("icd10").by_code
    assert known["F"].parent is None
    assert known["F3"].parent == "F"
    assert known["F32"].parent == "F3"
    assert known["F32.10"].parent == "F32.1"
    assert known["F99"].parent == "F"
    assert known["Z71.1"].parent == "Z"
    assert known["F10.241"].parent == "F10.24"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("F32.10", strings("F32.10")),
        ("F00.011", strings("F00.0", "dementia_x1", "dementia_xx1")),
        ("F11.26", strings("F11", "substance_26")),
        ("X60.34", strings("X60", "selfharm_3", "selfharm_x4")),
        (
            "F10.26",
            strings("F10", "substance_26")
            + Words((StringRef("icd10", "substance_26_alcohol_suffix"),)),
        ),
    ],
)
def test_words_of_a_code(code: str, words: Words) -> None:
    assert load_codes("icd10").by_code[code].words == words


def test_headings_cannot_be_chosen() -> None:
    headings = [code.code for code in load_codes("icd10").codes if not code.selectable]
    assert headings == ["F", *(f"F{n}" for n in range(10)), "R", "X", "Z"]


def test_an_unknown_set() -> None:
    with pytest.raises(KeyError):
        load_codes("icd11")
