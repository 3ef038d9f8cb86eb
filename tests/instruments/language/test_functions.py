# SPDX-License-Identifier: GPL-3.0-or-later
"""Every function: its value, and its value of missing answers."""

from typing import Any

import pytest

from camcops.instruments.language.signatures import FUNCTIONS
from camcops.instruments.language.words import StringRef, Words
from tests.instruments.language.specimen import NOW, at, day, fault, type_of, value_of

ANSWERS: dict[str, Any] = {"q1": 1, "q2": 3, "q4": 0}  # q3 and q5 are missing
NOTHING: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("expression", "value", "of_nothing"),
    [
        ("sum(main)", 4, 0),
        ("sum(q1, q2, [q4, q5], q{1..2})", 8, 0),
        ("count(v >= 1 for v in main)", 2, 0),
        ("count(main)", 2, 0),
        ("count(q1 >= 1, q2 >= 1, q3 >= 1)", 2, 0),
        ("mean(main)", 4 / 3, None),
        ("min(main)", 0, None),
        ("max(main)", 3, None),
        ("any(v == 3 for v in main)", True, None),
        ("any(v == 9 for v in main)", None, None),
        ("all(v < 9 for v in main)", None, None),
        ("all(v < 3 for v in main)", False, None),
        ("answered(main)", False, False),
        ("answered(q1, q2)", True, False),
        ("n_answered(main)", 3, 0),
        ("n_missing(main)", 2, 5),
        ("sum(whole(main))", None, None),
        ("sum(whole(q1, q2))", 4, None),
        ("mean(at_least(main, 3))", 4 / 3, None),
        ("mean(at_least(main, 4))", None, None),
        ("sum(at_least(main, 0))", 4, None),
        ("prorated(main, 3)", 4 * 5 / 3, None),
        ("prorated(main, 4)", None, None),
        ("prorated(main, 0)", 4 * 5 / 3, None),
        ("len(main)", 5, 5),
        ("len(v for v in main if v > 0)", 2, 0),
        ("sum([whole(main), q1])", None, None),
        ("count(v for v in whole(main))", None, None),
        ("n_missing(whole(main))", None, None),
    ],
)
def test_list_functions(expression: str, value: Any, of_nothing: Any) -> None:
    assert value_of(expression, **ANSWERS) == value
    assert value_of(expression, **NOTHING) == of_nothing


def test_of_no_members() -> None:
    assert value_of("any(t.ok for t in trials)") is False
    assert value_of("all(t.ok for t in trials)") is True
    assert value_of("answered(t.ok for t in trials)") is False
    assert value_of("sum(t.k for t in trials)") == 0
    assert value_of("len(trials)") == 0
    assert value_of("last(trials).k") is None


@pytest.mark.parametrize(
    ("expression", "answers", "value"),
    [
        ("default(q1, q2, 7)", {"q2": 3}, 3),
        ("default(q1, 7)", {}, 7),
        ("keep(q1, [1, 2])", {"q1": 2}, 2),
        ("keep(q1, [1, 2])", {"q1": -99}, None),
        ("keep(q1, main)", {"q1": 5}, 5),
        ("reverse(q1, 1, 5)", {"q1": 2}, 4),
        ("clamp(q1, 0, 3)", {"q1": 9}, 3),
        ("clamp(q1, 0, 3)", {"q1": -9}, 0),
        ("clamp(q1, None, 3)", {"q1": -9}, -9),
        ("clamp(q1, q2, 3)", {"q1": 2}, None),
        ("recode(q1, {1: 0, 2: 3})", {"q1": 2}, 3),
        ("recode(q1, {1: 0, 2: 3})", {"q1": 5}, None),
        ("recode(q1, {1: 0, 2: 3}, 9)", {"q1": 5}, 9),
        ("recode(q1, {1: 0}, 9)", {}, None),
        ("recode(note, {'a': 'b'})", {"note": "a"}, "b"),
        ("recode(q1, {-99: 1})", {"q1": -99}, 1),
        ("recode(q1, {1: q2 + 1})", {"q1": 1, "q2": 4}, 5),
        ("int(q1 > 0)", {"q1": 1}, 1),
        ("int(q1 > 0)", {}, None),
        ("number(note)", {"note": " -2.50 "}, -2.5),
        ("number(note)", {"note": "1e3"}, 1000),
        ("number(note)", {"note": "2 kg"}, None),
        ("number(note)", {"note": "1e999"}, None),
        ("number(note)", {"note": "٣"}, None),
        ("round(x)", {"x": 2.5}, 3),
        ("round(x)", {"x": -2.5}, -3),
        ("round(x, 2)", {"x": 2.675}, 2.67),
        ("round(x, 1)", {"x": 0.25}, 0.3),
        ("round(x, q1)", {"x": 0.25, "q1": -1}, None),
        ("floor(x)", {"x": -1.5}, -2),
        ("ceil(x)", {"x": -1.5}, -1),
        ("abs(x)", {"x": -1.5}, 1.5),
        ("sqrt(x)", {"x": 9.0}, 3),
        ("sqrt(x)", {"x": -9.0}, None),
        ("ln(x)", {"x": 1.0}, 0),
        ("ln(x)", {"x": 0.0}, None),
        ("log10(x)", {"x": 1000.0}, 3),
        ("exp(x)", {"x": 0.0}, 1),
        ("exp(x)", {"x": 1e6}, None),
        ("years_between(born, seen)", {"born": day("2000-02-29"), "seen": day("2023-02-28")}, 22),
        ("years_between(born, seen)", {"born": day("2000-02-29"), "seen": day("2023-03-01")}, 23),
        ("days_between(born, seen)", {"born": day("2024-02-28"), "seen": day("2024-03-01")}, 2),
        ("days_between(seen, start)", {"seen": day("2024-02-27"), "start": NOW}, 2),
        ("minutes_between(start, stop)", {"start": NOW, "stop": NOW.replace(second=30)}, 0.5),
        ("minutes_between(up, bed)", {"up": at(7), "bed": at(22, 30)}, 930),
        ("month(born)", {"born": day("2000-02-29")}, 2),
        ("month(start)", {"start": NOW}, 2),
        ("concat(note, ' ', q1, q2)", {"note": "a", "q1": 3}, "a 3"),
        ("concat(note, codes)", {}, None),
        ("concat(x, '/', y)", {"x": 2.0, "y": 0.1}, "2/0.1"),
        ("join([note, codes, 'c'], ', ')", {"codes": "b"}, "b, c"),
        ("join([note, codes], '')", {"note": "a", "codes": "b"}, "ab"),
        ("join([note, codes], ', ')", {}, None),
        ("item(main, 2)", {"q2": 7}, 7),
        ("item(main, 0)", {"q1": 7}, None),
        ("item(main, 6)", {"q1": 7}, None),
        ("item(codes, 2)", {"codes": "a, b ,c"}, "b"),
        ("item(codes, 2)", {"codes": "a,,c"}, None),
        ("item(codes, 9)", {"codes": "a"}, None),
    ],
)
def test_value_functions(expression: str, answers: dict[str, Any], value: Any) -> None:
    assert value_of(expression, **answers) == value


def test_words_by_function() -> None:
    assert value_of("string('yes_text')") == Words((StringRef("specimen", "yes_text"),))
    assert value_of("string(concat('ui/', note))", note="done") == Words((StringRef("ui", "done"),))
    assert value_of("string('no such')") is None
    assert value_of("option(q1)", q1=2) == Words((StringRef("specimen", "q1_2"),))
    assert value_of("option(q1)") is None
    assert value_of("ticked([b, c])", b=True) == Words((StringRef("specimen", "b"),))
    both = Words((StringRef("specimen", "b"), ", ", StringRef("specimen", "c")))
    assert value_of("ticked([b, c])", b=True, c=True) == both
    assert value_of("ticked([b, c])", b=False) is None
    row_label = value_of("concat(option(last(trials).k))", rows=[{}, {"k": 4}])
    assert row_label == Words((StringRef("specimen", "trials[2].k_4"),))


def test_the_clock() -> None:
    assert value_of("now()") == NOW
    assert value_of("today()") == NOW.date()


STRICT = {
    "keep(q1, [1])": None,
    "reverse(q1, 1, 5)": None,
    "clamp(q1, 1, 5)": None,
    "int(b)": None,
    "number(note)": None,
    "round(x)": None,
    "floor(x)": None,
    "ceil(x)": None,
    "abs(x)": None,
    "sqrt(x)": None,
    "ln(x)": None,
    "log10(x)": None,
    "exp(x)": None,
    "years_between(born, seen)": None,
    "days_between(born, seen)": None,
    "minutes_between(start, stop)": None,
    "month(born)": None,
    "item(codes, 1)": None,
    "option(q1)": None,
}


@pytest.mark.parametrize("expression", STRICT)
def test_of_a_missing_value(expression: str) -> None:
    assert value_of(expression) is None


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ("sum(main)", "integer"),
        ("sum(main, x)", "number"),
        ("sum(b, c)", "integer"),
        ("mean(main)", "number"),
        ("prorated(main, 1)", "number"),
        ("max(main)", "integer"),
        ("max(b, c)", "integer"),
        ("max(born, seen)", "date"),
        ("whole(main)", "list of integer"),
        ("whole(all_of_it)", "list of mixed"),
        ("q1 / q2", "number"),
        ("q1 ** 2", "number"),
        ("q1 + b", "integer"),
        ("q1 * x", "number"),
        ("floor(x)", "integer"),
        ("round(x)", "integer"),
        ("round(x, 1)", "number"),
        ("abs(q1)", "integer"),
        ("default(q1, x)", "number"),
        ("q1 and x", "boolean"),
        ("last(trials)", "row of trials"),
        ("[q1, b]", "list of integer"),
        ("q1 if b else None", "integer"),
        ("option(q1)", "wording"),
        ("concat(note, q1)", "text"),
        ("patient.sex", "text"),
    ],
)
def test_types(expression: str, type_: str) -> None:
    assert type_of(expression) == type_


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_arity_is_checked(name: str) -> None:
    function = FUNCTIONS[name]
    if function.least:
        assert "arguments" in fault(f"{name}()")
    if function.most is not None:
        too_many = ", ".join(["q1"] * (function.most + 1))
        assert "arguments" in fault(f"{name}({too_many})")


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("sum(note)", "needs numbers"),
        ("sum(all_of_it)", "needs numbers, not mixed"),
        ("max(note, codes)", "needs numbers or times"),
        ("max(q1, born)", "mixed types"),
        ("count(trials)", "needs conditions"),
        ("answered(trials)", "a row is never missing"),
        ("prorated(q1, 1)", "needs a list"),
        ("len(q1)", "needs a list"),
        ("last(main)", "rows of a child table"),
        ("default(q1, note)", "mixed types"),
        ("keep(q1, ['a'])", "mixed types"),
        ("recode(q1, {'a': 1})", "mixed types"),
        ("recode(q1, {1: 1, 2: 'a'})", "branches of different type"),
        ("recode(q1, {1: 1}, 'a')", "mixed types"),
        ("recode(q1, {1: 1, 1: 2})", "twice"),
        ("recode(q1, main)", "needs a map"),
        ("recode(q1, {q2: 1})", "keys of a map"),
        ("int(q1)", "needs a condition"),
        ("number(q1)", "needs text"),
        ("round(x, y)", "needs an integer"),
        ("reverse(note, 1, 2)", "needs a number"),
        ("years_between(born, q1)", "needs a date"),
        ("minutes_between(up, start)", "mixed types"),
        ("concat(b)", "needs texts"),
        ("join(note, ',')", "needs a list"),
        ("item(q1, 1)", "comma-separated"),
        ("item(all_of_it, 1)", "mixed types"),
        ("option(q1 + 1)", "name of a field"),
        ("ticked(main, b)", "arguments"),
        ("ticked(['a'])", "list of fields"),
        ("string(q1)", "which is text"),
    ],
)
def test_arguments_of_the_wrong_type(expression: str, complaint: str) -> None:
    assert complaint in fault(expression)
