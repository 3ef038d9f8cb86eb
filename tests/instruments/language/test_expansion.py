# SPDX-License-Identifier: GPL-3.0-or-later
"""Braces that stand for lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.expansion import (
    expand,
    expand_key,
    in_step,
    is_expansion,
    substitute,
)


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("q1", "q1"),
        ("q{1..4}", "q1 q2 q3 q4"),
        ("{3..1}", "3 2 1"),
        ("{-1..1}", "-1 0 1"),
        ("p{08..11}", "p08 p09 p10 p11"),
        ("r{1,33..35}", "r1 r33 r34 r35"),
        ("pansym_{a..d}", "pansym_a pansym_b pansym_c pansym_d"),
        ("{c..a}", "c b a"),
        ("{left,right}_{knee,wrist}", "left_knee left_wrist right_knee right_wrist"),
        ("a{0.5,1}", "a0.5 a1"),
        ("{x}", "{x}"),
        ("{total:.2f}", "{total:.2f}"),
        ("{$now}", "{$now}"),
    ],
)
def test_what_a_brace_stands_for(text: str, members: str) -> None:
    assert expand(text) == members.split()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{a{1..2},b}", "nested"),
        ("q{1..{n}}", "nested"),
        ("q{1,}", "no list"),
        ("q{1..}", "no list"),
        ("q{..3}", "no list"),
        ("q{1..2..3}", "no list"),
        ("q{1..z}", "no range"),
        ("q{aa..zz}", "no range"),
        ("q{a..Z}", "mixes"),
        ("q{1..99999}", "too long"),
        ("{1..200}{1..200}", "more than"),
        ("s{n=1..5}", "named"),
    ],
)
def test_what_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(LanguageError, match=complaint):
        expand(text)


def test_a_hole_is_no_expansion() -> None:
    assert is_expansion("q{1..2}")
    assert not is_expansion("{q1}")
    assert not is_expansion("{'a', 'b'}")
    assert is_expansion("s{n=1}")


def test_named_braces_tell_what_they_stood_for() -> None:
    assert expand_key("s{n=2,4,7..8}") == [
        ("s2", {"n": "2"}),
        ("s4", {"n": "4"}),
        ("s7", {"n": "7"}),
        ("s8", {"n": "8"}),
    ]
    assert expand_key("{p=a,b}{n=1..2}")[-1] == ("b2", {"p": "b", "n": "2"})
    with pytest.raises(LanguageError, match="two braces"):
        expand_key("{n=1..2}{n=1..2}")


def test_a_letter_is_replaced_everywhere_below() -> None:
    entry = {"value": "sum(q{1..{n}})", "at{n}": ["{n}", 5, {"say": "item {n} of {m}"}]}
    assert substitute(entry, {"n": "3"}) == {
        "value": "sum(q{1..3})",
        "at3": ["3", 5, {"say": "item 3 of {m}"}],
    }


def test_key_and_value_walk_in_step() -> None:
    assert in_step("{0..2}", "a{0..2}") == [("0", "a0"), ("1", "a1"), ("2", "a2")]
    assert in_step("{0,9}", "same") == [("0", "same"), ("9", "same")]
    assert in_step("5", {"a": 1}) == [("5", {"a": 1})]
    with pytest.raises(LanguageError, match="as long"):
        in_step("{0..3}", "a{0..2}")


@given(st.integers(-40, 40), st.integers(-40, 40), st.integers(1, 5))
def test_counts_multiply(first: int, last: int, others: int) -> None:
    words = ",".join("abcde"[:others])
    expanded = expand(f"{{{first}..{last}}}_{{{words},z}}")
    assert len(expanded) == (abs(last - first) + 1) * (others + 1)
    assert len(set(expanded)) == len(expanded)
