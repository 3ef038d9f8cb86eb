# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions of single values. None of them fails: the impossible is missing.

Those of `STRICT` are given no missing value: with one, they are missing without being called.
"""

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time

from camcops.instruments.language.environment import Value
from camcops.instruments.language.numbers import (
    LARGEST_INTEGER,
    LARGEST_NUMBER,
    number_to_text,
    read_number,
    round_half_away,
    round_to_integer,
    within,
)
from camcops.instruments.language.words import StringRef, Words


def power(base: float, exponent: float) -> float | None:
    """`base ** exponent`, as doubles."""
    try:
        return math.pow(base, exponent)
    except (ValueError, OverflowError):
        return None


def _possible(function: Callable[[float], float]) -> Callable[[float], float | None]:
    def attempt(x: float) -> float | None:
        try:
            return function(x)
        except (ValueError, OverflowError):
            return None

    return attempt


def _safe(value: int) -> int | None:
    return value if within(value, LARGEST_INTEGER) else None


def _round(x: float, places: int | None = None) -> float | None:
    return round_to_integer(x) if places is None else round_half_away(x, places)


def _reverse(x: float, lowest: float, highest: float) -> float | None:
    total = lowest + highest
    if not within(total, LARGEST_NUMBER):
        return None
    result = total - x
    return result if within(result, LARGEST_NUMBER) else None


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _years_between(a: date, b: date) -> int:
    a, b = _day(a), _day(b)
    return b.year - a.year - ((b.month, b.day) < (a.month, a.day))


def _days_between(a: date, b: date) -> int:
    return (_day(b) - _day(a)).days


def _minutes_between(a: datetime | time, b: datetime | time) -> float:
    if isinstance(a, datetime) and isinstance(b, datetime):
        return (b - a).total_seconds() / 60
    return (_seconds(b) - _seconds(a)) / 60


def _seconds(at: datetime | time) -> float:
    return at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6


def listed(text: str) -> list[str | None]:
    """The items of a comma-separated text, without the spaces around them; an empty one is missing."""
    return [item.strip() or None for item in text.split(",")]


def _item(members: Sequence[Value] | str, index: int) -> Value:
    found = listed(members) if isinstance(members, str) else members
    return found[index - 1] if 1 <= index <= len(found) else None


def spell(value: Value) -> str | Words:
    """A value as text: numbers by rule, dates and times in ISO 8601."""
    if isinstance(value, str | Words):
        return value
    if isinstance(value, date | time):
        return value.isoformat()
    return number_to_text(value)


def concatenated(parts: Sequence[str | Words]) -> str | Words | None:
    """The parts as one text; nothing at all is missing."""
    if any(isinstance(part, Words) for part in parts):
        return Words.of(*parts) or None
    return "".join(map(str, parts)) or None


def concat(*values: Value) -> str | Words | None:
    """Texts one after another; missing parts are empty."""
    return concatenated([spell(value) for value in values if value is not None])


def join(members: Sequence[Value] | None, separator: Value) -> str | Words | None:
    """The members that aren't missing, with the separator between them."""
    pieces: list[str | Words] = []
    for member in members or ():
        if member is not None:
            if pieces and separator is not None:
                pieces.append(separator)
            pieces.append(spell(member))
    return concatenated(pieces)


def first_known(*values: Value) -> Value:
    """The first that is not missing."""
    return next((value for value in values if value is not None), None)


def keep(x: Value, members: Sequence[Value]) -> Value:
    """x if the list has it."""
    return x if x in members else None


def words_of(ref: StringRef | None) -> Words | None:
    """A reference as words."""
    return None if ref is None else Words((ref,))


STRICT: dict[str, Callable[..., Value]] = {
    "keep": keep,
    "reverse": _reverse,
    "int": int,
    "number": read_number,
    "round": _round,
    "floor": lambda x: _safe(math.floor(x)),
    "ceil": lambda x: _safe(math.ceil(x)),
    "abs": abs,
    "sqrt": _possible(math.sqrt),
    "ln": _possible(math.log),
    "log10": _possible(math.log10),
    "exp": _possible(math.exp),
    "years_between": _years_between,
    "days_between": _days_between,
    "minutes_between": _minutes_between,
    "month": lambda moment: moment.month,
    "item": _item,
}
LENIENT: dict[str, Callable[..., Value]] = {"default": first_known, "concat": concat, "join": join}
