# SPDX-License-Identifier: GPL-3.0-or-later
"""How a hole of a template shows its value: which formats there are, for which types, as which words."""

import re
from collections.abc import Callable
from datetime import date, datetime

from camcops.instruments.language.environment import Value
from camcops.instruments.language.numbers import MOST_PLACES, round_to_integer, to_fixed
from camcops.instruments.language.types import BOOLEAN, DATE, DATETIME, TIME, Type
from camcops.instruments.language.value_functions import spell
from camcops.instruments.language.words import StringRef, Words

MISSING_SHOWN = Words.of("?")
UI = "ui"
_PLACES = re.compile(r"\.(\d{1,3})f", re.ASCII)
_TRUTH = {"yesno": ("no", "yes"), "truefalse": ("false", "true"), "present": ("absent", "present")}
_MONTHS = {"long": "month_", "short": "month_short_"}

Show = Callable[[Value], Words]


def _truth(format_: str) -> Show:
    false, true = (Words((StringRef(UI, name),)) for name in _TRUTH[format_])
    return lambda value: true if value else false


def _date(format_: str) -> Show:
    prefix = _MONTHS[format_]

    def show(value: date) -> Words:
        month = StringRef(UI, f"{prefix}{value.month}")
        clock = f" {value:%H:%M}" if isinstance(value, datetime) else ""
        return Words.of(f"{value.day} ", month, f" {value.year:04d}{clock}")

    return show


def _hours_and_minutes(value: float) -> Words:
    minutes = round_to_integer(abs(value))
    if minutes is None:
        return MISSING_SHOWN
    sign = "-" if value < 0 and minutes else ""
    return Words.of(f"{sign}{minutes // 60}:{minutes % 60:02d}")


def _plain(type_: Type) -> Show:
    if type_ == BOOLEAN:
        return _truth("yesno")
    if type_ == DATETIME:
        return lambda value: Words.of(value.isoformat(sep=" ", timespec="minutes")[:16])
    if type_ == TIME:
        return lambda value: Words.of(value.isoformat(timespec="minutes"))
    return lambda value: Words.of(spell(value))


def show(type_: Type, format_: str | None) -> Show:
    """The function that shows a value of that type that isn't missing.

    ValueError, with the reason, if there is no such format for such a value.
    """
    if type_.is_list or type_.table:
        raise ValueError(f"a hole shows one value, not a {type_}")
    if format_ is None:
        return _plain(type_)
    if format_ in _TRUTH:
        if not type_.is_condition:
            raise ValueError(f"{format_} is for truth values, not for {type_}")
        if type_.is_numeric:
            return _truth(format_)
        return lambda _value: Words((StringRef(UI, _TRUTH[format_][1]),))
    if format_ in _MONTHS:
        if type_ not in (DATE, DATETIME):
            raise ValueError(f"{format_} is for dates, not for {type_}")
        return _date(format_)
    if not type_.is_numeric:
        raise ValueError(f"{format_} is for numbers, not for {type_}")
    if format_ == "hm":
        return _hours_and_minutes
    places = _PLACES.fullmatch(format_)
    if not places or int(places[1]) > MOST_PLACES:
        raise ValueError(f"no format {format_}: .2f, long, short, hm, yesno, truefalse, present")
    return lambda value: Words.of(to_fixed(value, int(places[1])))
