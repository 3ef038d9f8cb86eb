# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of a tablet's patients before it uploads them (`validate_patients`)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from camcops.problems import FIELD_WRONG, PATIENT_REFUSED, Problem
from camcops.records.patient_details import DetailRefused, PatientDetails, read_details


@dataclass(frozen=True, slots=True)
class TabletPatient(PatientDetails):
    """A patient as a tablet describes one."""

    finalizing: bool
    """Will the coming upload finalize this patient?"""


def read_patients(data: Any, known_types: Collection[int]) -> list[TabletPatient]:
    """Read the JSON of `patient_info`. Raises `Problem` for the first patient that breaks a rule."""
    if not isinstance(data, list):
        raise Problem(FIELD_WRONG, field="patient_info", reason="a JSON array is needed")
    patients: list[TabletPatient] = []
    for position, patient in enumerate(data, start=1):
        try:
            patients.append(_read_patient(patient, known_types))
        except DetailRefused as refused:
            raise Problem(PATIENT_REFUSED, position=position, reason=str(refused)) from None
    return patients


def _read_patient(patient: Any, known_types: Collection[int]) -> TabletPatient:
    if not isinstance(patient, dict) or not patient:
        raise DetailRefused("a JSON object with details is needed")
    person = read_details(patient, known_types, besides=("finalizing",))
    finalizing = patient.get("finalizing")
    if not isinstance(finalizing, bool):
        raise DetailRefused("finalizing must be given as true or false")
    return TabletPatient(person.details, person.idnums, finalizing)
