# SPDX-License-Identifier: GPL-3.0-or-later
"""Value literals in both directions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcops.tablet_api.literals import Value, decode, decode_list, encode, encode_list, split_items


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("35", 35),
        ("-12", -12),
        ("007", 7),
        ("7.23", 7.23),
        ("1e+06", 1e6),
        (".5", 0.5),
        ("5.", 5.0),
        ("inf", math.inf),
        ("NULL", None),
        ("null", None),
        ("", None),
        ("   ", None),
        ("'NULL'", "NULL"),
        ("''", ""),
        ("'it''s'", "it's"),
        (r"'a\nb\\c'", "a\nb\\c"),
        (r"'a\rb\qc'", "a\rbqc"),
        ("'X''4D'''", "X'4D'"),
        ("X'4D7953514C'", b"MySQL"),
        ("64'TXlTUUw='", b"MySQL"),
        ("64'TXlT\n UUw='", b"MySQL"),
        ("64''", b""),
        ("X''", "X''"),
        ("X'4D7'", "X'4D7'"),
        ("64'TXlTUUw'", "64'TXlTUUw'"),
        ("64'%%%%'", "64'%%%%'"),
        ("'", "'"),
        ("2026-03-01T09:15:02.417+00:00", "2026-03-01T09:15:02.417+00:00"),
        ("1_000", "1_000"),
        ("١", "١"),
        ("0x10", "0x10"),
        (" 'x ' ", "x "),
    ],
)
def test_decode(literal: str, value: Value) -> None:
    decoded = decode(literal)
    assert decoded == value
    assert type(decoded) is type(value)


def test_not_a_number() -> None:
    decoded = decode("nan")
    assert isinstance(decoded, float)
    assert math.isnan(decoded)


def test_an_overlong_number_is_no_number() -> None:
    assert decode("9" * 5000) == "9" * 5000


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("1,,2", [1, None, 2]),
        ("'a,b',3", ["a,b", 3]),
        ("'a'',b', 3 ", ["a',b", 3]),
        ("1,'never closed, 2", [1, "'never closed, 2"]),
        (",", [None, None]),
        ("'a\nb',2", ["a\nb", 2]),
    ],
)
def test_lists(text: str, values: list[Value]) -> None:
    assert decode_list(text) == values


VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.binary(),
)


@given(st.lists(VALUES))
def test_what_is_written_is_read(values: list[Value]) -> None:
    text = encode_list(values)
    assert "\n" not in text
    assert "\r" not in text
    if values:
        assert decode_list(text) == values


@given(st.text(alphabet="',\\nX64 \"ab="))
def test_any_text_is_read(text: str) -> None:
    items = split_items(text)
    assert ",".join(items).count("'") == text.count("'")
    for item in items:
        decode(item)


@given(st.text())
def test_strings_are_always_quoted(text: str) -> None:
    literal = encode(text)
    assert literal[0] == literal[-1] == "'"
    assert decode(literal) == text
