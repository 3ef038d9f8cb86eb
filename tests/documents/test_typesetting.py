# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts made ready for typesetting."""

import pytest

from camcops.documents.phrases import isolated
from camcops.documents.typesetting import (
    BREAK_HERE,
    LEFT_TO_RIGHT,
    RIGHT_TO_LEFT,
    settable,
    unmarked,
)


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_line_ends(ends: str) -> None:
    assert settable(f"one{ends}two\tthree") == "one\ntwo    three"


def test_directions_are_marked_by_the_first_letter() -> None:
    assert settable(isolated("12 أحمد")) == f"{RIGHT_TO_LEFT}12 أحمد\u2069"
    assert settable(isolated("Ahmed أحمد")) == f"{LEFT_TO_RIGHT}Ahmed أحمد\u2069"


def test_a_text_can_not_turn_what_surrounds_it() -> None:
    assert settable("a\u202eb\u200fc\ufeff") == "abc"
    assert settable(isolated("\u2069\u202eevil\u2067")) == f"{LEFT_TO_RIGHT}evil\u2069"


def test_long_words_may_break_but_not_before_a_combining_mark() -> None:
    word = "a\u0301" * 40
    made = settable(word)
    assert made.replace(BREAK_HERE, "") == word
    assert all(piece[0] == "a" for piece in made.split(BREAK_HERE))
    assert max(map(len, settable("x" * 300).split(BREAK_HERE))) == 20


@pytest.mark.parametrize(
    "word", ["x" * 20_000, "\u0627" * 20_000, "\u0301" * 20_000, "\u4e2d" * 20_000]
)
def test_no_word_makes_a_line_that_the_compiler_cannot_set(word: str) -> None:
    made = settable(word)

    assert made.replace(BREAK_HERE, "").replace("\n", "") == word
    assert max(map(len, made.split("\n"))) < 5000


def test_ordinary_words_are_left_alone() -> None:
    text = "Wolfeschlegelstein, a note of ordinary words; naïve café"
    assert settable(text) == text


def test_machines_get_no_marks() -> None:
    assert unmarked(isolated("Zoë")) == "Zoë"
