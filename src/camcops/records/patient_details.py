# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a patient, as a tablet, a form or a file tells it: read strictly, and compared."""

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from camcops.records.idnums import LARGEST_ID_NUMBER
from camcops.records.policies import PatientItems

DETAILS = ("forename", "surname", "sex", "dob", "email", "address", "gp", "other")
"""The columns of `patient` that describe a person."""

SEXES = ("F", "M", "X")

_IDNUM = re.compile(r"idnum([0-9]{1,9})", re.ASCII)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_LONGEST_EMAIL = 255
_LONGEST_QUOTE = 30

# The pattern that HTML gives for <input type=email>: WHATWG HTML, "Valid e-mail address".
_EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)

# What a policy calls a detail, where that differs from the detail's own name.
_POLICY_WORDS = {"other": "otherdetails"}


class DetailRefused(Exception):
    """A detail that breaks a rule; says which."""


@dataclass(frozen=True, slots=True)
class PatientDetails:
    """A patient's details, and ID numbers by type; a detail that is unknown or empty is None or absent."""

    details: Mapping[str, str | dt.date | None]
    idnums: Mapping[int, int]

    @property
    def items(self) -> PatientItems:
        """What a policy is to be applied to."""
        known = (name for name, value in self.details.items() if value is not None)
        return PatientItems(
            frozenset(_POLICY_WORDS.get(name, name) for name in known), frozenset(self.idnums)
        )

    def same_as(self, other: "PatientDetails") -> bool:
        """Do both say the same of a person? Order and kind of line ends make no difference."""
        return self._comparable() == other._comparable()

    def _comparable(self) -> tuple[dict[str, str | dt.date], dict[int, int]]:
        known = {
            name: "\n".join(value.splitlines()) if isinstance(value, str) else value
            for name, value in self.details.items()
            if value is not None
        }
        return known, dict(self.idnums)


def details_of_row(row: Mapping[str, Any], idnums: Mapping[int, int]) -> PatientDetails:
    """The details in a row of `patient`; columns that it lacks are unknown."""
    return PatientDetails({name: row.get(name) or None for name in DETAILS}, idnums)


def read_details(
    given: Mapping[str, Any], known_types: Collection[int], *, besides: Collection[str] = ()
) -> PatientDetails:
    """Read details by name (`idnum<n>` for ID numbers), as JSON or YAML give them.

    `besides` names keys that are left to the caller. Raises `DetailRefused` for the first detail that
    breaks a rule.
    """
    details: dict[str, str | dt.date | None] = {}
    idnums: dict[int, int] = {}
    for key, value in given.items():
        if key in _READERS:
            details[key] = _READERS[key](key, value)
        elif found := _IDNUM.fullmatch(key):
            which = int(found[1])
            if which not in known_types:
                raise DetailRefused(f"ID number type {which} does not exist on this server")
            if which in idnums:
                raise DetailRefused(f"ID number type {which} stands twice")
            idnums[which] = _id_number(key, value)
        elif key not in besides:
            raise DetailRefused(f"unknown detail {key[:_LONGEST_QUOTE]!r}")
    return PatientDetails(details, idnums)


def _text(key: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise DetailRefused(f"{key} must be text")
    if value and _UNSTORABLE.search(value):
        raise DetailRefused(f"{key} has characters that are none")
    return value or None


def _sex(key: str, value: Any) -> str:
    if not isinstance(value, str) or value not in SEXES:
        raise DetailRefused(f"{key} must be F, M or X")
    return value


def _date(key: str, value: Any) -> dt.date | None:
    text = _text(key, value)
    if text is None:
        return None
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day, no zone)
    except ValueError:
        raise DetailRefused(f"{key} must be a date, as yyyy-mm-dd") from None


def _email(key: str, value: Any) -> str | None:
    text = _text(key, value)
    if text is not None and (len(text) > _LONGEST_EMAIL or not _EMAIL.fullmatch(text)):
        raise DetailRefused(f"{key} is not an e-mail address")
    return text


def _id_number(key: str, value: Any) -> int:
    if type(value) is not int or not 0 < value <= LARGEST_ID_NUMBER:
        raise DetailRefused(f"{key} must be a whole number above 0")
    return value


_READERS: Mapping[str, Callable[[str, Any], str | dt.date | None]] = {
    **dict.fromkeys(("forename", "surname", "address", "gp", "other"), _text),
    "sex": _sex,
    "dob": _date,
    "email": _email,
}
