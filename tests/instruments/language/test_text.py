# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that people see."""

from typing import Any

import pytest

from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.text import parse_text
from camcops.instruments.language.words import StringRef, Words
from tests.instruments.language.specimen import NOW, SCOPE, STORED, at, day, shown, text_of


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("title_main", "[specimen/title_main]"),
        ("a.b+c-d_1", "[specimen/a.b+c-d_1]"),
        ("ui/yes", "[ui/yes]"),
        ("5", "[specimen/5]"),
        (5, "5"),
        (2.0, "2"),
        (0.1, "0.1"),
        ("two words", "two words"),
        ("{'mild'}", "mild"),
        ("{$now}", "[specimen/now]"),
        ("{$ui/or} {$q1}", "[ui/or] [specimen/q1]"),
        ("{{brace}", "{brace}"),
        ("Score: {q1}", "Score: 3"),
        ("{q1}/{sum(main)}: {x}", "3/3: ?"),
        ("{recode(q1, {3: 'three'})}", "three"),
        ("{'}' if q1 else ':'}", "}"),
        ("{sum(q{1..3})} point", "3 point"),
        ("{option(q1)}", "[specimen/q1_3]"),
    ],
)
def test_names_and_templates(source: Any, expected: str) -> None:
    assert shown(source, q1=3) == expected


@pytest.mark.parametrize(
    ("hole", "answers", "expected"),
    [
        ("{x:.2f}", {"x": 2.675}, "2.67"),
        ("{x:.1f}", {"x": 0.25}, "0.3"),
        ("{x:.0f}", {"x": -2.5}, "-3"),
        ("{q1:.2f}", {"q1": 2}, "2.00"),
        ("{x}", {"x": 1e21}, "1000000000000000000000"),
        ("{x}", {"x": 1.5e-7}, "0.00000015"),
        ("{b}", {"b": True}, "[ui/yes]"),
        ("{b:yesno}", {"b": False}, "[ui/no]"),
        ("{q1:yesno}", {"q1": 2}, "[ui/yes]"),
        ("{b:truefalse}", {"b": False}, "[ui/false]"),
        ("{b:present}", {"b": True}, "[ui/present]"),
        ("{q1 > 1:present}", {"q1": 1}, "[ui/absent]"),
        ("{born}", {"born": day("2014-03-09")}, "2014-03-09"),
        ("{born:long}", {"born": day("2014-03-09")}, "9 [ui/month_3] 2014"),
        ("{born:short}", {"born": day("2014-03-09")}, "9 [ui/month_short_3] 2014"),
        ("{start:short}", {"start": NOW}, "29 [ui/month_short_2] 2024 12:00"),
        ("{start}", {"start": NOW}, "2024-02-29 12:00"),
        ("{up}", {"up": at(7, 5)}, "07:05"),
        ("{q1:hm}", {"q1": 125}, "2:05"),
        ("{x:hm}", {"x": 59.5}, "1:00"),
        ("{x:hm}", {"x": -61.0}, "-1:01"),
        ("{note}", {"note": "{as is} <b>"}, "{as is} <b>"),
    ],
)
def test_formats(hole: str, answers: dict[str, Any], expected: str) -> None:
    assert shown(hole, **answers) == expected
    assert shown(f"before {hole} after", **answers) == f"before {expected} after"


@pytest.mark.parametrize(
    "hole", ["{q1}", "{x:.2f}", "{b}", "{b:present}", "{born:long}", "{q1:hm}"]
)
def test_missing_shows_as_a_question_mark(hole: str) -> None:
    assert shown(hole) == "?"


@pytest.mark.parametrize(
    ("source", "complaint", "column"),
    [
        ("", "empty", 0),
        ("a {q1", "closing brace", 3),
        ("a {nonsense}", "unknown name", 4),
        ("a { nonsense}", "unknown name", 5),
        ("a {}", "empty", 4),
        ("a {q1:.2}", "no format", 4),
        ("a {q1:long}", "for dates", 4),
        ("a {born:.2f}", "for numbers", 4),
        ("a {main}", "one value", 4),
        ("a {$two words}", "name of a string", 4),
        ("a {today()}", "forms know it", 4),
        ("a {option(q1):present}", "not examined", 4),
    ],
)
def test_refused(source: str, complaint: str, column: int) -> None:
    with pytest.raises(LanguageError, match=complaint) as caught:
        parse_text(source, STORED)
    assert caught.value.column == column


def test_a_truth_value_is_no_text() -> None:
    with pytest.raises(LanguageError, match="truth value"):
        parse_text(True, SCOPE)


def test_words_are_language_neutral_json() -> None:
    words = text_of("{q1} {$ui/of} 5", q1=3)
    assert words.to_json() == ["3 ", ["ui", "of"], " 5"]
    assert Words.from_json(words.to_json()) == words
    assert Words.of("a") + "b" + StringRef("ui", "x") == Words(("ab", StringRef("ui", "x")))
    assert not Words.of("")


def test_templates_have_a_tree() -> None:
    tree = parse_text("{q1:.1f} {$ui/of}", SCOPE).to_json()
    assert tree == {
        "template": [
            {"hole": {"field": "q1"}, "format": ".1f", "type": "integer"},
            " ",
            ["ui", "of"],
        ]
    }
