# SPDX-License-Identifier: GPL-3.0-or-later
"""How patients are written on pages: names, sex, ages, ID numbers."""

from datetime import date

from camcops.records.idnums import NHS_NUMBER

SEXES = {"F": "female", "M": "male", "X": "other sex"}


def patient_name(surname: str | None, forename: str | None) -> str:
    """SURNAME, Forename; a dash for a name that was not recorded."""
    names = [(surname or "").upper(), forename or ""]
    return ", ".join(name for name in names if name) or "—"


def id_number(value: int, method: str = "") -> str:
    """As it is read aloud: an NHS number in groups of 3, 3 and 4 digits, others as they are."""
    text = str(value)
    return (
        f"{text[:3]} {text[3:6]} {text[6:]}" if method == NHS_NUMBER and len(text) == 10 else text
    )


def age(born: date, on: date) -> int:
    """Completed years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
