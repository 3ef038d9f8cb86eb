# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of a tablet's patients before it uploads them (`validate_patients`)."""

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from camcops.problems import FIELD_WRONG, PATIENT_REFUSED, POLICY_NOT_SATISFIED, Problem
from camcops.records.idnums import LARGEST_ID_NUMBER
from camcops.records.policies import PatientItems, Policy

_TEXTS = ("forename", "surname", "address", "gp", "other")
_SEXES = ("F", "M", "X")
_IDNUM = re.compile(r"idnum([0-9]{1,9})", re.ASCII)
_LONGEST_EMAIL = 255
_LONGEST_QUOTE = 30

# The pattern that HTML gives for <input type=email>: WHATWG HTML, "Valid e-mail address".
_EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)

# What a policy calls a detail, where that differs from the detail's own name.
_POLICY_WORDS = {"other": "otherdetails"}


@dataclass(frozen=True, slots=True)
class PatientDetails:
    """A patient as a tablet describes one; what is unknown or empty is None."""

    details: Mapping[str, str | dt.date | None]
    idnums: Mapping[int, int]
    finalizing: bool

    @property
    def items(self) -> PatientItems:
        known = (name for name, value in self.details.items() if value is not None)
        return PatientItems(
            frozenset(_POLICY_WORDS.get(name, name) for name in known), frozenset(self.idnums)
        )


class _Refused(Exception):
    pass


def read_patients(data: Any, known_types: Collection[int]) -> list[PatientDetails]:
    """Read the JSON of `patient_info`. Raises `Problem` for the first patient that breaks a rule."""
    if not isinstance(data, list):
        raise Problem(FIELD_WRONG, field="patient_info", reason="a JSON array is needed")
    patients: list[PatientDetails] = []
    for position, patient in enumerate(data, start=1):
        try:
            patients.append(_read_patient(patient, known_types))
        except _Refused as refused:
            raise Problem(PATIENT_REFUSED, position=position, reason=str(refused)) from None
    return patients


def check_policies(patients: Collection[PatientDetails], upload: Policy, finalize: Policy) -> None:
    """Raise `Problem` unless each patient satisfies the group's policy for what is about to happen."""
    for patient in patients:
        name, policy = ("finalize", finalize) if patient.finalizing else ("upload", upload)
        if not policy.satisfied_by(patient.items):
            raise Problem(POLICY_NOT_SATISFIED, name=name, policy=policy.text)


def _read_patient(patient: Any, known_types: Collection[int]) -> PatientDetails:
    if not isinstance(patient, dict) or not patient:
        raise _Refused("a JSON object with details is needed")
    details: dict[str, str | dt.date | None] = {}
    idnums: dict[int, int] = {}
    for key, value in patient.items():
        if key in _DETAILS:
            details[key] = _DETAILS[key](key, value)
        elif found := _IDNUM.fullmatch(key):
            which = int(found[1])
            if which not in known_types:
                raise _Refused(f"ID number type {which} does not exist on this server")
            if which in idnums:
                raise _Refused(f"ID number type {which} stands twice")
            idnums[which] = _id_number(key, value)
        elif key != "finalizing":
            raise _Refused(f"unknown detail {key[:_LONGEST_QUOTE]!r}")
    finalizing = patient.get("finalizing")
    if not isinstance(finalizing, bool):
        raise _Refused("finalizing must be given as true or false")
    return PatientDetails(details, idnums, finalizing)


def _text(key: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _Refused(f"{key} must be text")
    return value or None


def _sex(key: str, value: Any) -> str:
    if not isinstance(value, str) or value not in _SEXES:
        raise _Refused(f"{key} must be F, M or X")
    return value


def _date(key: str, value: Any) -> dt.date | None:
    text = _text(key, value)
    if text is None:
        return None
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day, no zone)
    except ValueError:
        raise _Refused(f"{key} must be a date, as yyyy-mm-dd") from None


def _email(key: str, value: Any) -> str | None:
    text = _text(key, value)
    if text is not None and (len(text) > _LONGEST_EMAIL or not _EMAIL.fullmatch(text)):
        raise _Refused(f"{key} is not an e-mail address")
    return text


def _id_number(key: str, value: Any) -> int:
    if type(value) is not int or not 0 < value <= LARGEST_ID_NUMBER:
        raise _Refused(f"{key} must be a whole number above 0")
    return value


_DETAILS: Mapping[str, Callable[[str, Any], str | dt.date | None]] = {
    **dict.fromkeys(_TEXTS, _text),
    "sex": _sex,
    "dob": _date,
    "email": _email,
}
