# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a record is about: the patient banner, the clinician, the respondent, and notes."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from camcops.documents.moments import day_moment, read_datetime, stored_moment
from camcops.documents.phrases import nhs_number_text
from camcops.documents.tree import (
    Fact,
    IdNumberLine,
    Moment,
    NoPatient,
    PatientBanner,
    PersonBlock,
    SpecialNote,
)
from camcops.instruments.model import CLINICIAN_FIELDS, RESPONDENT_FIELDS
from camcops.records.idnums import NHS_NUMBER
from camcops.records.patients import IdNumber, StoredPatient
from camcops.records.reading import StoredTask

Labels = Mapping[str, str]


def patient_of(stored: StoredTask, labels: Labels, *, anonymise: bool) -> PatientBanner | NoPatient:
    """The banner, or why there is none."""
    if stored.instrument.is_anonymous:
        return NoPatient("anonymous", labels["anonymous"])
    if anonymise:
        return NoPatient("hidden", labels["hidden"])
    if stored.patient is None:
        return NoPatient("missing", labels["patient_missing"])
    return _banner(stored.patient, read_datetime(stored.row["when_created"]), labels)


def _banner(patient: StoredPatient, created: datetime | None, labels: Labels) -> PatientBanner:
    row = patient.row
    dob = row["dob"]
    details = [
        Fact(labels[name], row[name].strip())
        for name in ("address", "email", "gp", "other")
        if row[name] and row[name].strip()
    ]
    return PatientBanner(
        surname=(row["surname"] or "").strip(),
        forename=(row["forename"] or "").strip(),
        sex=row["sex"] or "",
        born=day_moment(dob) if dob else None,
        age=age_at(dob, created) if dob and created else None,
        idnums=tuple(_idnum(number, labels) for number in patient.idnums),
        details=tuple(details),
    )


def age_at(born: date, when: datetime) -> int:
    """Completed years."""
    return when.year - born.year - ((when.month, when.day) < (born.month, born.day))


def _idnum(number: IdNumber, labels: Labels) -> IdNumberLine:
    if number.value is None:
        return IdNumberLine(number.short_description, labels["idnum_missing"])
    text = str(number.value)
    if number.validation_method == NHS_NUMBER:
        text = nhs_number_text(number.value)
    fault = "" if number.valid else labels["idnum_unreadable"]
    return IdNumberLine(number.short_description, text, fault)


def people_of(stored: StoredTask, labels: Labels, *, anonymise: bool) -> tuple[PersonBlock, ...]:
    """The clinician's and the respondent's blocks. The latter may tell who the patient is."""
    blocks = []
    if stored.instrument.has_clinician:
        blocks.append(_person("clinician", CLINICIAN_FIELDS, stored.row, labels))
    if stored.instrument.has_respondent and not anonymise:
        blocks.append(_person("respondent", RESPONDENT_FIELDS, stored.row, labels))
    return tuple(blocks)


def _person(
    who: str, names: Mapping[str, object], row: Mapping[str, Any], labels: Labels
) -> PersonBlock:
    facts = [Fact(labels[name], str(row[name])) for name in names if row[name]]
    empty = Fact(labels[f"{who}_name"], labels["not_recorded"])
    return PersonBlock(labels[who], tuple(facts) or (empty,))


def notes_of(
    stored: StoredTask, labels: Labels, zone: tzinfo | None, *, anonymise: bool
) -> tuple[SpecialNote, ...]:
    """Notes on the task, and on its patient unless that is hidden."""
    return tuple(
        SpecialNote(
            stored_moment(note.note_at, zone),
            (note.username or labels["unknown_user"])
            + (f" · {labels['patient_notes']}" if note.about_patient else ""),
            note.note,
        )
        for note in stored.special_notes
        if not (anonymise and note.about_patient)
    )


def created_of(stored: StoredTask, zone: tzinfo | None) -> Moment | None:
    return stored_moment(stored.row["when_created"], zone)
