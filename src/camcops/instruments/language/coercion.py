# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored values as the language sees them: what tablets sent, read exactly or counted as missing."""

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import TypeVar

from camcops.instruments.language.environment import Value
from camcops.instruments.language.numbers import (
    LARGEST_INTEGER,
    LARGEST_NUMBER,
    number_to_text,
    read_number,
    within,
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

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d\d:\d\d(:\d\d([.,]\d{1,9})?)?", re.ASCII)
T = TypeVar("T")
_TRUTHS = {"0": False, "1": True, "false": False, "true": True}


def coerce(value: object, type_: Type) -> tuple[Value, bool]:
    """The value as `type_`, and whether it reads exactly so; if not, the value is missing.

    None and empty text are missing, and in order.
    """
    if value is None or value == "":
        return None, True
    read = _READERS[type_](value)
    return read, read is not None


def _number(value: object) -> float | None:
    if isinstance(value, str):
        return read_number(value)
    if isinstance(value, int | float | Decimal):
        return value if isinstance(value, int) else float(value)
    return None


def _read_number(value: object) -> float | None:
    number = _number(value)
    return float(number) if number is not None and within(number, LARGEST_NUMBER) else None


def _read_integer(value: object) -> int | None:
    if type(value) is int:  # as most answers are, and never not a number
        return value if within(value, LARGEST_INTEGER) else None
    number = _number(value)
    if number is None or not within(number, LARGEST_INTEGER) or not math.isfinite(number):
        return None
    return int(number) if number == int(number) else None


def _read_boolean(value: object) -> bool | None:
    if isinstance(value, str):
        return _TRUTHS.get(value.strip().lower())
    number = _number(value)
    return bool(number) if number is not None and number in (0, 1) else None


def _read_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, date | time):
        return value.isoformat()
    number = None if isinstance(value, bool) else _number(value)
    return number_to_text(number) if number is not None and math.isfinite(number) else None


def _read_date(value: object) -> date | None:
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        return _parsed(date.fromisoformat, value)
    return None


def _read_time(value: object) -> time | None:
    if isinstance(value, time):
        return value if value.tzinfo is None else None
    if isinstance(value, str) and _TIME.fullmatch(value.strip()):
        return _parsed(time.fromisoformat, value)
    return None


def _read_datetime(value: object) -> datetime | None:
    moment = value if isinstance(value, datetime) else None
    if isinstance(value, str) and "T" in value.replace(" ", "T"):
        moment = _parsed(datetime.fromisoformat, value)
    return moment if moment is not None and moment.tzinfo is not None else None


def _parsed(parse: Callable[[str], T], text: str) -> T | None:
    try:
        return parse(text.strip())
    except ValueError:
        return None


_READERS: dict[Type, Callable[[object], Value]] = {
    BOOLEAN: _read_boolean,
    INTEGER: _read_integer,
    NUMBER: _read_number,
    TEXT: _read_text,
    DATE: _read_date,
    TIME: _read_time,
    DATETIME: _read_datetime,
}
