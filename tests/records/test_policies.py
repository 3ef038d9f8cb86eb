# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies and ID numbers."""

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcops.records.idnums import valid_idnum, why_invalid
from camcops.records.policies import PatientItems, parse_policy

ZOE = PatientItems(frozenset({"sex", "forename", "surname", "otherdetails"}), frozenset({1, 3}))


@pytest.mark.parametrize(
    ("text", "satisfied"),
    [
        ("sex", True),
        ("SEX and Forename", True),
        ("dob", False),
        ("NOT dob", True),
        ("not not sex", True),
        ("sex AND dob OR surname", True),
        ("surname OR sex AND dob", False),  # from left to right, whatever the operator
        ("surname OR (sex AND dob)", True),
        ("sex AND(idnum1)", True),
        ("idnum2", False),
        ("idnum01", True),
        ("anyidnum", True),
        ("otheridnum AND idnum1", True),
        ("otheridnum AND idnum1 AND (idnum3 OR sex)", False),
        ("otherdetails", True),
        ("NOT sex OR surname", True),
        ("NOT (sex OR surname)", False),
    ],
)
def test_policies(text: str, satisfied: bool) -> None:
    policy = parse_policy(text)
    assert policy.valid
    assert policy.satisfied_by(ZOE) is satisfied


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "sex AND", "AND sex", "(sex", "sex)", "sex surname", "height", "idnum", "()"),
        *("NOT", "(" * 200 + "sex" + ")" * 200, None),
    ],
)
def test_nobody_satisfies_a_malformed_policy(text: str | None) -> None:
    policy = parse_policy(text)
    assert not policy.valid
    assert not policy.satisfied_by(ZOE)


@given(st.text(alphabet="sexandorNOT()idnum12 "))
def test_reading_never_fails(text: str) -> None:
    parse_policy(text).satisfied_by(ZOE)


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        (9434765919, True),
        (9434765870, True),
        (9434765918, False),
        (943476591, False),
        (94347659190, False),
        (-943476591, False),
        (None, True),
    ],
)
def test_nhs_numbers(value: int | None, valid: bool) -> None:
    assert valid_idnum("uk_nhs_number", value) is valid


def test_a_number_whose_check_digit_would_be_ten_is_invalid() -> None:
    assert not any(valid_idnum("uk_nhs_number", 1000000010 + last) for last in range(10))


def test_other_methods() -> None:
    assert valid_idnum("", 5)
    assert "not known" in (why_invalid("no_such_method", 5) or "")


OPERANDS = st.sampled_from(["sex", "dob", "forename", "idnum1", "idnum2", "anyidnum", "otheridnum"])
TREES = st.recursive(
    OPERANDS,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=4)),
    ),
    max_leaves=8,
)
WORDS_KNOWN = [
    frozenset(chosen)
    for n in range(4)
    for chosen in itertools.combinations(["sex", "dob", "forename"], n)
]
NUMBERS_KNOWN = [
    frozenset(chosen) for n in range(4) for chosen in itertools.combinations([1, 2, 3], n)
]


def written(tree: Any) -> str:
    """The tree as a policy, every inner operation in brackets."""
    if isinstance(tree, str):
        return tree
    operator, operands = tree
    if operator == "not":
        return f"NOT ({written(operands)})"
    return f" {operator.upper()} ".join(f"({written(one)})" for one in operands)


def named(tree: Any) -> frozenset[int]:
    return frozenset(int(found) for found in re.findall(r"idnum([0-9])", written(tree)))


def holds(tree: Any, patient: PatientItems, numbers_named: frozenset[int]) -> bool:
    """The tree's value, worked out without the parser."""
    if isinstance(tree, str):
        return {
            "anyidnum": bool(patient.idnums),
            "otheridnum": bool(patient.idnums - numbers_named),
            "idnum1": 1 in patient.idnums,
            "idnum2": 2 in patient.idnums,
        }.get(tree, tree in patient.words)
    operator, operands = tree
    if operator == "not":
        return not holds(operands, patient, numbers_named)
    values = [holds(one, patient, numbers_named) for one in operands]
    return all(values) if operator == "and" else any(values)


@given(TREES)
def test_policies_against_their_truth_tables(tree: Any) -> None:
    policy = parse_policy(written(tree))
    assert policy.valid
    for words, numbers in itertools.product(WORDS_KNOWN, NUMBERS_KNOWN):
        patient = PatientItems(words, numbers)
        assert policy.satisfied_by(patient) is holds(tree, patient, named(tree))


@given(OPERANDS, st.lists(st.tuples(st.sampled_from(["and", "or"]), st.booleans(), OPERANDS)))
def test_operators_are_taken_from_left_to_right(
    first: str, rest: list[tuple[str, bool, str]]
) -> None:
    text, tree = first, first
    for operator, negated, operand in rest:
        text += f" {operator} " + ("not " if negated else "") + operand
        tree = (operator, [tree, ("not", operand) if negated else operand])  # type: ignore[assignment]
    policy = parse_policy(text)
    for words, numbers in itertools.product(WORDS_KNOWN, NUMBERS_KNOWN):
        patient = PatientItems(words, numbers)
        assert policy.satisfied_by(patient) is holds(tree, patient, named(tree))
