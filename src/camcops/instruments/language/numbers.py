# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that come out with the same digits here and in a browser: IEEE doubles, rounded by rule.

Integers are exact up to 2⁵³ − 1, as in a browser; beyond that, as beyond the largest double, a result is
missing.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal

LARGEST_INTEGER = 2**53 - 1
LARGEST_NUMBER = 1.7976931348623157e308
MOST_PLACES = 100
_EXACT = Context(prec=1200)  # holds every double exactly, with a hundred places
_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,5})?\s*", re.ASCII)


def within(value: float, largest: float) -> bool:
    """Is it a number no larger than that? Not-a-number isn't."""
    return -largest <= value <= largest


def read_number(text: str) -> float | None:
    """The number written, if it is one (ASCII digits, decimal point, exponent)."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if within(value, LARGEST_NUMBER) else None


def _quantized(value: float, places: int) -> Decimal:
    step = Decimal(1).scaleb(-places, _EXACT)
    return Decimal(value).quantize(step, rounding=ROUND_HALF_UP, context=_EXACT)


def round_half_away(value: float, places: int) -> float | None:
    """Rounded half away from zero, by its exact binary value; missing if `places` isn't 0 to 100."""
    if not 0 <= places <= MOST_PLACES:
        return None
    return float(_quantized(value, places))


def round_to_integer(value: float) -> int | None:
    """The nearest integer, half away from zero; missing if too large."""
    rounded = int(_quantized(value, 0))
    return rounded if within(rounded, LARGEST_INTEGER) else None


def to_fixed(value: float, places: int) -> str:
    """With that many decimals, as ECMAScript's `toFixed` writes numbers below 10²¹."""
    digits = f"{abs(_quantized(value, places)):f}"
    return f"-{digits}" if value < 0 else digits


def number_to_text(value: float) -> str:
    """A whole number without a point; any other as the shortest digits that read back; no exponent."""
    if isinstance(value, int):
        return str(int(value))
    digits = f"{Decimal(repr(value)):f}"
    if not value.is_integer():
        return digits
    whole = digits.partition(".")[0]
    return "0" if whole == "-0" else whole
