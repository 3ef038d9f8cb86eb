# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what an address or a form says; whatever is not text of a sane kind is refused here."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote

from pyramid.request import Request
from webob.multidict import MultiDict

from camcops import problems
from camcops.problems import Problem

TEXT_MOST = 255
NUMBER_MOST = 2**31 - 1
YEARS = range(1800, 2200)
"""Of a day that anybody can mean: near the ends of the calendar, zones lead outside it."""
NAMES = {
    "dob": "date of birth",
    "sex": "sex",
    "surname": "surname",
    "forename": "forename",
    "which_idnum": "type of ID number",
    "idnum_value": "ID number",
    "tasks": "task",
    "created_from": "created from",
    "created_until": "created until",
    "group_ids": "group",
    "complete_only": "complete only",
    "older": "place in the list",
    "newer": "place in the list",
}
"""What people call the parameters."""


def form_data(request: Request) -> "MultiDict[str, str]":
    """The text fields of a form; files that nobody asked for are dropped, control characters refused."""
    fields = [(str(k), v) for k, v in request.POST.items() if isinstance(v, str)]
    for name, value in fields:
        _no_controls(name, value)
    return MultiDict(fields)


def text(source: Mapping[str, Any], name: str, most: int = TEXT_MOST) -> str | None:
    """Text without its outer spaces; None if absent or blank."""
    value = str(source.get(name, "")).strip()
    _no_controls(name, value)
    if len(value) > most:
        raise refusal(name, f"text of at most {most} characters")
    return value or None


def number(source: Mapping[str, Any], name: str) -> int | None:
    """A whole number from 0 to 2,147,483,647; None if absent or blank."""
    value = text(source, name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()) or len(value) > 10 or int(value) > NUMBER_MOST:
        raise refusal(name, "a whole number")
    return int(value)


def long_number(source: Mapping[str, Any], name: str) -> int | None:
    """A whole number of up to 18 digits (an ID number); spaces between digits are ignored."""
    value = text(source, name)
    if value is None:
        return None
    digits = value.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise refusal(name, "a number, digits only")
    return int(digits)


def day(source: Mapping[str, Any], name: str) -> date | None:
    """A date such as 1970-07-07, of the years 1800 to 2199; None if absent or blank."""
    value = text(source, name)
    if value is None:
        return None
    try:
        found = datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise refusal(name, "a date such as 1970-07-07") from None
    if found.year not in YEARS:
        raise refusal(name, f"a date of the years {YEARS.start} to {YEARS[-1]}")
    return found


def choice(source: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str | None:
    value = text(source, name)
    if value is not None and value not in allowed:
        raise refusal(name, ", ".join(allowed))
    return value


def refusal(name: str, allowed: str) -> Problem:
    """The problem that a parameter's value can't be used."""
    return Problem(problems.BAD_PARAMETER, name=NAMES.get(name, name[:40]), allowed=allowed)


def _no_controls(name: str, value: str) -> None:
    if any(ord(char) < 32 and char not in "\t\r\n" for char in value):
        raise refusal(name, "text without control characters")


def same_origin_path(request: Request, value: str | None) -> str | None:
    """`value` if it is a page of this site (a path below our mount point), else None.

    Dots and empty names in the path are refused: resolving `/.//host` would leave `//host`.
    """
    prefix = request.script_name
    if value is None or not value.startswith(f"{prefix}/"):
        return None
    if "\\" in value or any(ord(char) < 33 or ord(char) > 126 for char in value):
        return None
    names = unquote(re.split(r"[?#]", value)[0]).split("/")
    if "" in names[1:-1] or not {".", ".."}.isdisjoint(names) or "\\" in "".join(names):
        return None
    return value
