# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored tasks made by hand, as `records.reading` gives them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from camcops.accounts.groups import Group
from camcops.instruments.evaluate import evaluate
from camcops.instruments.library import Library, load_library
from camcops.records.blobs import BlobInfo
from camcops.records.idnums import NHS_NUMBER
from camcops.records.patients import IdNumber, StoredPatient
from camcops.records.reading import Device, SpecialNote, StoredTask
from camcops.records.scoring import record_of

CREATED = "2026-07-07T14:05:00.000+01:00"
PATIENT = {
    "_pk": 9,
    "surname": "Okonkwo-Lindqvist",
    "forename": "Zoë",
    "dob": date(1970, 7, 7),
    "sex": "F",
    "address": "1 The Street, Cambridge",
    "email": None,
    "gp": "Dr B. Singh",
    "other": "",
}
IDNUMS = (
    IdNumber(1, "NHS number", "NHS", 9434765919, True, NHS_NUMBER),
    IdNumber(2, "Hospital number", "Hosp", 123456, True, ""),
)


@cache
def library() -> Library:
    return load_library()


def stored_task(
    table: str,
    fields: Mapping[str, Any],
    rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    *,
    patient: Mapping[str, Any] | None = PATIENT,
    blobs: Mapping[int, BlobInfo] | None = None,
    notes: Sequence[SpecialNote] = (),
    **columns: Any,
) -> StoredTask:
    """A finalized task of that instrument; `columns` replaces life-cycle columns."""
    instrument = library()[table]
    row = {
        **dict.fromkeys(instrument.all_fields),
        "_pk": 123,
        "id": 4,
        "when_created": CREATED,
        "when_last_modified": CREATED,
        "_camcops_version": "2.4.24",
        "_current": True,
        "_era": "2026-07-07T13:30:00Z",
        "_when_added_batch_utc": datetime(2026, 7, 7, 13, 20, tzinfo=UTC).replace(tzinfo=None),
        "_when_removed_exact": None,
        "_successor_pk": None,
        "_predecessor_pk": None,
        "_manually_erased": False,
        "_manually_erased_at": None,
        "_forcibly_preserved": False,
        **fields,
        **columns,
    }
    children = {
        name: [
            {**dict.fromkeys(child.fields), child.order: number, **values}
            for number, values in enumerate((rows or {}).get(name, ()), 1)
        ]
        for name, child in instrument.tables.items()
    }
    who = None if instrument.is_anonymous or patient is None else StoredPatient(patient, IDNUMS)
    results = None
    if instrument.finished:
        results = evaluate(
            instrument, record_of(instrument, row, children, who.row if who else None)
        )
    return StoredTask(
        instrument=instrument,
        row=row,
        rows=children,
        patient=who,
        device=Device(2, "ward3", "Ward tablet 3"),
        group=Group(1, "Liaison", "", "", ""),
        adding_user="aclark",
        removing_user="aclark",
        preserving_user="aclark",
        erasing_user="admin",
        blobs=blobs or {},
        special_notes=tuple(notes),
        results=results,
    )
