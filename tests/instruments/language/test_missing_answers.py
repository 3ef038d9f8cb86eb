# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of expressions when answers are missing: the table of the language, line by line."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcops.instruments.language.compiler import compile_tree
from camcops.instruments.language.parser import parse_condition
from tests.instruments.language.specimen import SCOPE, environment, value_of

TRUTHS = (True, False, None)


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "//", "%", "**"])
def test_arithmetic_is_missing(operator: str) -> None:
    assert value_of(f"q1 {operator} q2", q1=3) is None
    assert value_of(f"q1 {operator} q2", q2=3) is None
    assert value_of(f"q1 {operator} q2", q1=3, q2=2) is not None


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">="])
def test_comparisons_are_missing(operator: str) -> None:
    assert value_of(f"q1 {operator} 0") is None
    assert value_of(f"0 {operator} q1") is None


@pytest.mark.parametrize("sign", ["in", "not in"])
def test_membership_is_missing_for_a_missing_value_or_list(sign: str) -> None:
    assert value_of(f"q1 {sign} [1, 2]") is None
    assert value_of(f"1 {sign} whole(q1)") is None


def test_membership_passes_over_missing_members() -> None:
    assert value_of("3 in main", q1=3) is True
    assert value_of("4 in main", q1=3) is False
    assert value_of("4 not in main", q1=3) is True


@pytest.mark.parametrize(("a", "b"), list(product(TRUTHS, TRUTHS)))
def test_and_or_are_three_valued(a: bool | None, b: bool | None) -> None:
    both = False if False in (a, b) else None if None in (a, b) else True
    either = True if True in (a, b) else None if None in (a, b) else False
    assert value_of("b and c", b=a, c=b) is both
    assert value_of("b or c", b=a, c=b) is either


def test_not() -> None:
    assert [value_of("not b", b=b) for b in TRUTHS] == [False, True, None]


@pytest.mark.parametrize("what", ["None", "True", "False"])
def test_is_never_missing(what: str) -> None:
    for b in TRUTHS:
        same = str(b) == what
        assert value_of(f"b is {what}", b=b) is same
        assert value_of(f"b is not {what}", b=b) is not same


@pytest.mark.parametrize(
    ("expression", "answers", "value"),
    [
        ("q1 is True", {"q1": 2}, True),
        ("q1 is False", {"q1": 0}, True),
        ("q1 and b", {"q1": 2, "b": True}, True),
        ("note and b", {"note": "x", "b": True}, True),
        ("note and b", {"b": True}, None),
        ("born is True", {}, False),
        ("b == 1", {"b": True}, True),
        ("b + b + q1", {"b": True, "q1": 3}, 5),
        ("b in [1, 2]", {"b": True}, True),
        ("q1 or 7", {"q1": 0}, True),
        ("q1 if q2 else q3", {"q1": 1, "q3": 3}, 3),
        ("b if b else b", {}, None),
        ("q1 != 0", {}, None),
        ("q1 is None or q1 != 0", {}, True),
        ("1 < q1 <= 3", {"q1": 3}, True),
        ("1 < q1 <= q2", {"q1": 1}, False),
        ("1 < q1 <= q2", {"q1": 2}, None),
        ("'' is None", {}, True),
        ("default(note, 'none')", {"note": None}, "none"),
    ],
)
def test_examples(expression: str, answers: dict[str, Any], value: Any) -> None:
    assert value_of(expression, **answers) == value


def test_where_a_condition_stands_missing_counts_as_false() -> None:
    run = compile_tree(parse_condition("q1 > 2", SCOPE))
    assert [run(environment(q1=q1)) for q1 in (3, 1, None)] == [True, False, False]
    assert value_of("count(q2 for q2x in main if q2x > 1)", q1=3, q2=1) == 1
    assert value_of("len(v for v in main if v > 1)", q1=3, q2=1) == 1


@given(st.lists(st.sampled_from(TRUTHS), min_size=5, max_size=5))
def test_any_and_all_are_or_and_and(truths: list[bool | None]) -> None:
    answers = {f"q{i}": None if t is None else int(t) for i, t in enumerate(truths, 1)}
    assert value_of("any(main)", **answers) is value_of("q1 or q2 or q3 or q4 or q5", **answers)
    assert value_of("all(main)", **answers) is value_of("q1 and q2 and q3 and q4 and q5", **answers)
    assert value_of("count(main)", **answers) == truths.count(True)
