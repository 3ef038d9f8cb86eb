# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that every writer words alike: the patient banner, the legend of a score's range."""

from collections.abc import Mapping

from camcops.documents.tree import Bar, PatientBanner

FIRST_STRONG_ISOLATE = "\u2068"
END_OF_ISOLATE = "\u2069"


def isolated(text: str) -> str:
    """The text kept apart from the direction of what surrounds it."""
    inside = text.replace(FIRST_STRONG_ISOLATE, "").replace(END_OF_ISOLATE, "")
    return f"{FIRST_STRONG_ISOLATE}{inside}{END_OF_ISOLATE}" if inside else ""


def banner_name(patient: PatientBanner, labels: Mapping[str, str]) -> str:
    """SURNAME, Forename: each part in its own direction."""
    parts = [patient.surname.upper(), patient.forename]
    return ", ".join(isolated(part) for part in parts if part) or labels["no_name"]


def born_text(patient: PatientBanner, labels: Mapping[str, str]) -> str:
    """Date of birth and age: born 07-Jul-1970 (56 y)."""
    if patient.born is None:
        return labels["dob_unknown"]
    age = "" if patient.age is None else f" ({patient.age} {labels['years_short']})"
    return f"{labels['born']} {patient.born.text}{age}"


def sex_text(patient: PatientBanner, labels: Mapping[str, str]) -> str:
    return labels.get(f"sex_{patient.sex}", labels["sex_unknown"])


def banner_facts(patient: PatientBanner, labels: Mapping[str, str]) -> tuple[str, ...]:
    """What follows the name on its line."""
    return (born_text(patient, labels), sex_text(patient, labels))


def nhs_number_text(value: int) -> str:
    """An NHS number as it is read aloud: 943 476 5919."""
    digits = f"{value:010d}"
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}" if len(digits) == 10 else str(value)


def number_text(value: float) -> str:
    """A number as it is shown: without a point where it is whole."""
    return str(int(value)) if value == int(value) else f"{value:g}"


def legend_text(bar: Bar) -> str:
    """The bands of a range and where each begins: 0 none · 5 mild · 10 moderate."""
    return " · ".join(isolated(f"{number_text(band.start)} {band.label}") for band in bar.bands)
