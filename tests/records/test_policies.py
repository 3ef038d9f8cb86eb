# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies and ID numbers."""

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
