# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers come out the same here and in a browser; stored values are read exactly or not at all."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcops.instruments.language.coercion import coerce
from camcops.instruments.language.numbers import (
    number_to_text,
    round_half_away,
    round_to_integer,
    to_fixed,
)
from camcops.instruments.language.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    INTEGER,
    NUMBER,
    TEXT,
    TIME,
    Type,
)
from tests.instruments.language.specimen import value_of


@pytest.mark.parametrize(
    ("expression", "answers", "value"),
    [
        ("q1 / q2", {"q1": 1, "q2": 0}, None),
        ("q1 // q2", {"q1": 1, "q2": 0}, None),
        ("q1 % q2", {"q1": 1, "q2": 0}, None),
        ("x * y", {"x": 1e300, "y": 1e300}, None),
        ("x - y", {"x": -1.7e308, "y": 1.7e308}, None),
        ("q1 * q2", {"q1": 2**40, "q2": 2**40}, None),
        ("q1 + 1", {"q1": 2**53 - 1}, None),
        ("q1 ** q2", {"q1": 9999, "q2": 9999}, None),
        ("x ** y", {"x": -2.0, "y": 0.5}, None),
        ("x ** y", {"x": 0.0, "y": -1.0}, None),
        ("x ** y", {"x": 0.0, "y": 0.0}, 1),
        ("sum(x, y)", {"x": 1.7e308, "y": 1.7e308}, None),
        ("mean(x, y)", {"x": 1.7e308, "y": 1.7e308}, None),
        ("prorated([x, y], 1)", {"x": 1.7e308}, None),
        ("reverse(x, y, y)", {"x": 0.0, "y": 1.7e308}, None),
        ("floor(x)", {"x": 1e300}, None),
        ("round(x)", {"x": 1e300}, None),
        ("round(x, 3)", {"x": 1e300}, 1e300),
        ("sum(x, y, x)", {"x": 1e16, "y": -1e16}, 1e16),
        ("sum(0.1, 0.2, 0.3)", {}, 0.1 + 0.2 + 0.3),
        ("mean(0.1, 0.2, 0.3)", {}, (0.1 + 0.2 + 0.3) / 3),
        ("-7 // 2", {}, -4),
        ("-7 % 2", {}, 1),
        ("7 % -2", {}, -1),
    ],
)
def test_nothing_fails(expression: str, answers: dict[str, Any], value: Any) -> None:
    assert value_of(expression, **answers) == value


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (5, "5"),
        (5.0, "5"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e21, "1" + "0" * 21),
        (1e-7, "0.0000001"),
        (1 / 3, "0.3333333333333333"),
        (123456789012345680.0, "123456789012345680"),
        (True, "1"),
    ],
)
def test_number_to_text(number: float, text: str) -> None:
    assert number_to_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_text_reads_back_without_exponent(number: float) -> None:
    text = number_to_text(number)
    assert float(text) == number
    assert "e" not in text
    assert not text.endswith(".0")


@given(st.floats(-1e9, 1e9), st.integers(0, 6))
def test_rounding_is_half_away_from_zero_of_the_exact_value(number: float, places: int) -> None:
    rounded = round_half_away(number, places)
    assert rounded is not None
    exact = abs(Decimal(number)) * 10**places
    whole = int(exact) + (exact - int(exact) >= Decimal("0.5"))
    assert Decimal(to_fixed(abs(number), places)) * 10**places == whole
    assert abs(rounded) == float(Decimal(whole) / 10**places)
    assert round_to_integer(number) == (-1 if number < 0 else 1) * int(
        abs(Decimal(number)) + Decimal("0.5")
    )


@pytest.mark.parametrize(
    ("number", "places", "text"),
    [
        (1.005, 2, "1.00"),
        (2.5, 0, "3"),
        (-0.5, 0, "-1"),
        (-0.001, 2, "-0.00"),
        (1e20, 1, "1" + "0" * 20 + ".0"),
    ],
)
def test_to_fixed(number: float, places: int, text: str) -> None:
    assert to_fixed(number, places) == text


PLUS_ONE = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("stored", "type_", "value"),
    [
        (1, INTEGER, 1),
        ("1", INTEGER, 1),
        (" 1 ", INTEGER, 1),
        (1.0, INTEGER, 1),
        (Decimal(3), INTEGER, 3),
        (True, INTEGER, 1),
        (1, NUMBER, 1.0),
        ("1.5", NUMBER, 1.5),
        (Decimal("1.5"), NUMBER, 1.5),
        (1, BOOLEAN, True),
        (0.0, BOOLEAN, False),
        ("1", BOOLEAN, True),
        ("false", BOOLEAN, False),
        ("a", TEXT, "a"),
        (5, TEXT, "5"),
        (2.50, TEXT, "2.5"),
        (date(2020, 1, 2), TEXT, "2020-01-02"),
        ("2020-01-02", DATE, date(2020, 1, 2)),
        (date(2020, 1, 2), DATE, date(2020, 1, 2)),
        ("07:05", TIME, time(7, 5)),
        ("07:05:10.250", TIME, time(7, 5, 10, 250000)),
        (time(7, 5), TIME, time(7, 5)),
        ("2022-05-01T10:00:00+01:00", DATETIME, datetime(2022, 5, 1, 10, tzinfo=PLUS_ONE)),
        ("2022-05-01T10:00:00.250Z", DATETIME, datetime(2022, 5, 1, 10, 0, 0, 250000, tzinfo=UTC)),
    ],
)
def test_read_exactly(stored: object, type_: Type, value: Any) -> None:
    read, ok = coerce(stored, type_)
    assert ok
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("stored", "type_"),
    [
        ("x", INTEGER),
        (1.5, INTEGER),
        ("1.5", INTEGER),
        (2**60, INTEGER),
        (float("nan"), INTEGER),
        (float("inf"), NUMBER),
        (float("nan"), NUMBER),
        ("one", NUMBER),
        (b"1", NUMBER),
        (2, BOOLEAN),
        ("maybe", BOOLEAN),
        (True, TEXT),
        (b"a", TEXT),
        ("2020-13-01", DATE),
        ("2020-1-1", DATE),
        ("2020-01-01T00:00:00", DATE),
        (20200101, DATE),
        (datetime(2020, 1, 1, tzinfo=UTC), DATE),
        ("25:00", TIME),
        ("07:05+01:00", TIME),
        ("2022-05-01T10:00:00", DATETIME),
        ("2022-05-01", DATETIME),
        (5, DATETIME),
    ],
)
def test_not_read(stored: object, type_: Type) -> None:
    assert coerce(stored, type_) == (None, False)


@pytest.mark.parametrize("type_", [BOOLEAN, INTEGER, NUMBER, TEXT, DATE, TIME, DATETIME])
def test_missing_is_in_order(type_: Type) -> None:
    assert coerce(None, type_) == (None, True)
    assert coerce("", type_) == (None, True)
