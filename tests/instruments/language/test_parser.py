# SPDX-License-Identifier: GPL-3.0-or-later
"""What the language takes and what it refuses, and where its errors point."""

import json
from typing import Any

import pytest

from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.parser import parse, parse_condition
from camcops.instruments.language.scope import Symbol, SymbolKind, declare
from camcops.instruments.language.types import INTEGER
from tests.instruments.language.specimen import SCOPE, STORED, fault, value_of


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (5, 5),
        (2.5, 2.5),
        (True, True),
        ("yes", True),
        ("no", False),
        ("  1 +\n  2 ", 3),
        ("'it''s'", "its"),
        ("'a\\'b'", "a'b"),
        ('"{1..3}"', "{1..3}"),
        ("'æ' == 'æ'", True),
        ("sum({1..4})", 10),
        ("2 in {1..4}", True),
        ("sum(q{1..2})", 3),
        ("[1, [2, [3]]] is None", False),
        ("7 // -2", -4),
        ("-7 % 3", 2),
        ("2 ** 3", 8),
        ("1e3", 1000),
        ("1 if q1 > 0 else 2 if q2 > 0 else 3", 1),
        ("sum(v for v in [sum(w for w in main), 1])", 4),
    ],
)
def test_syntax(source: Any, value: Any) -> None:
    assert value_of(source, q1=1, q2=2) == value


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("", "empty"),
        ("q1 +", "syntax"),
        ("(q1", "syntax"),
        ("q1 q2", "syntax"),
        ("nonsense", "unknown name nonsense"),
        ("mian", "did you mean main"),
        ("summ(q1)", "unknown function summ: did you mean sum"),
        ("sum", "sum is a function"),
        ("global", "keyword"),
        ("lambda: 1", "keyword"),
        ("await q1", "keyword"),
        ("sum(x := 3)", "no such thing"),
        ("q1 & q2", "unexpected"),
        ("~q1", "unexpected"),
        ("q1; q2", "unexpected"),
        ("q1 # why", "unexpected"),
        ("__import__('os')", "unknown function"),
        ("note.upper()", "only functions are called"),
        ("note.upper", "only a row has columns"),
        ("q1[0]", "no such thing"),
        ("[v for v in main]", "round brackets"),
        ("{v for v in main}", "no such thing"),
        ("{1: 2}", "only in recode"),
        ("{1, 2}", "without spaces"),
        ("(1, 2)", "no such thing"),
        ("f'{q1}'", "no letter before its quote"),
        ("b'x'", "no letter before its quote"),
        ("'a\\x41'", "escape"),
        ("0x10", "no number"),
        ("1_000", "no number"),
        ("2j", "no number"),
        ("1e999", "not a finite number"),
        ("9007199254740992", "53 bits"),
        ("...", "syntax|no such|constants"),
        ("sum(*main)", "no such thing"),
        ("round(x, dp=2)", "named arguments"),
        ("q{1..}", "no list"),
        ("q{1..{n}}", "nested"),
        ("sum(v for v in main for w in main)", "at most"),
        ("sum(v for v in main if v if v)", "at most"),
        ("sum(v for v in q1)", "needs a list"),
        ("sum(q1 for q1 in main)", "two meanings"),
        ("sum(sum for sum in main)", "two meanings"),
        ("sum(sum(v for v in main) for v in main)", "two meanings"),
        ("row.k", "no row here"),
        ("row_number", "no row_number here"),
        ("this", "no this here"),
        ("patient.dob", "unknown name patient.dob"),
        ("settings.limit", "forms know it"),
        ("today() > born", "forms know it"),
        ("last(trials).x", "unknown name x in the rows of trials"),
        ("q1 == 'a'", "mixed types"),
        ("note < 'a'", "by order"),
        ("note + 'a'", "concat"),
        ("q1 == None", "is None"),
        ("q1 is 3", "follow `is`"),
        ("q1 is q2", "follow `is`"),
        ("q1 is 0.0", "follow `is`"),
        ("q1 is None is True", "stand alone"),
        ("q1 in 3", "needs a list"),
        ("q1 in ['a']", "mixed types"),
        ("q1 in [1, 'a']", "mixed types"),
        ("'a' in note", "needs a list"),
        ("born < start", "mixed types"),
        ("main == main", "mixed types"),
        ("x // 2", "integers only"),
        ("x % 2", "integers only"),
        ("1 if q1 else 'a'", "different type"),
        ("1 if q1 else b", "different type"),
        ("1 if main else 2", "needs a condition"),
        ("not trials", "needs a condition"),
        ("None + 1", "needs numbers, not None"),
        ("option(q1) == 'a'", "not examined"),
        ("1 if option(q1) is None else 2", "not examined"),
        ("answered(string('x'))", "not examined"),
        ("count(string('x'))", "not examined"),
        ("number(option(q1))", "not examined"),
        ("'a' in [option(q1)]", "not examined"),
        ("recode(option(q1), {'a': 1})", "not examined"),
        ("+".join(["q1"] * 200), "deeply nested"),
        ("(" * 300 + "q1" + ")" * 300, "syntax|nested"),
        ("-" * 3000 + "1", "nested"),
        ("'\0'", "syntax|character"),
    ],
)
def test_refused(expression: str, complaint: str) -> None:
    said = fault(expression)
    assert any(part in said for part in complaint.split("|")), said


@pytest.mark.parametrize(
    ("expression", "column"),
    [
        ("q1 + nonsense", 6),
        ("sum(q{1..5}) + nonsense", 16),
        ("q1 == 2 and note < 'a'", 13),
        ("'æøå' == nonsense", 10),
        ("  q1 + ?", 6),
        ("sum(q{1..9})", 5),
        ("round(1, 2, dp)", 1),
        ("sum(1, 'a')", 8),
    ],
)
def test_errors_point_at_the_place(expression: str, column: int) -> None:
    with pytest.raises(LanguageError) as caught:
        parse(expression, STORED)
    assert caught.value.column == column
    assert caught.value.source == expression.strip()


def test_forms_may_examine_words() -> None:
    assert value_of("option(q1) == 'q1_2'", q1=2) is True
    assert value_of("'q1_2' in [option(q1), 'x']", q1=2) is True
    assert value_of("settings.limit == '5'") is None


def test_words_may_be_passed_on() -> None:
    for expression in ("option(q1)", "concat(note, string('x'))", "default(string('x'), note)"):
        assert parse(expression, STORED).type.is_text


@pytest.mark.parametrize("name", ["sum", "global", "1st", "a-b", "and", "a.b.c", ""])
def test_names_have_one_meaning(name: str) -> None:
    with pytest.raises(LanguageError):
        declare([(name, Symbol(SymbolKind.FIELD, INTEGER))])


def test_a_name_is_declared_once() -> None:
    symbol = Symbol(SymbolKind.FIELD, INTEGER)
    with pytest.raises(LanguageError, match="two meanings"):
        declare([("a", symbol), ("a", symbol)])
    with pytest.raises(LanguageError, match="two meanings"):
        SCOPE.with_symbols({"q1": symbol})


def test_groups_in_groups() -> None:
    group = Symbol(SymbolKind.GROUP, members=("round_a",))
    other = Symbol(SymbolKind.GROUP, members=("round_b",))
    scope = SCOPE.with_symbols({"round_b": group, "round_a": other})
    assert "cycle" in fault("sum(round_a)", scope)
    assert value_of("n_missing(all_of_it)", q1=1, note="x") == 5
    assert value_of("answered(all_of_it)") is False


def test_a_condition_is_refused_where_none_is() -> None:
    with pytest.raises(LanguageError, match="needs a condition"):
        parse_condition("main", SCOPE)


def test_the_tree_says_what_is_a_list() -> None:
    tree = parse("mean(whole(q{1..2}), q3)", SCOPE).to_json()
    assert isinstance(tree, dict)
    assert [argument["list"] for argument in tree["arguments"]] == [True, False]  # type: ignore
    for expression in (
        "sum(v for v in main if v > 1)",
        "recode(q1, {1: 'a', 2: None}, 'b') if b else None",
        "q1 in [1, 2] and note not in ['a'] and b is not True and 1 < x < -y",
        "last(trials).k // 2 + int(not b)",
        "option(q1)",
        "patient.sex == 'F'",
    ):
        assert json.loads(json.dumps(parse(expression, SCOPE).to_json()))
