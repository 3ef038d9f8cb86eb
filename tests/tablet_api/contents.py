# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tablet may hold, for tests."""

from typing import Any

T0 = "2026-05-01T10:00:00.123+01:00"
T1 = "2026-05-02T11:30:00.000+01:00"

Row = dict[str, Any]


def person(key: int = 1, modified: str = T0, move_off: int = 0, **details: Any) -> Row:
    return {
        "id": key,
        "when_last_modified": modified,
        "_move_off_tablet": move_off,
        "forename": "Zoë",
        "surname": "O'Brien",
        "sex": "F",
        "dob": "1980-02-29",
        "email": None,
        "address": "1 High St\nTown, \\slash",
        "gp": None,
        "other": None,
        **details,
    }


def number(
    key: int = 1,
    patient: int = 1,
    which: int = 2,
    value: int | None = 1001,
    modified: str = T0,
    move_off: int = 0,
) -> Row:
    return {
        "id": key,
        "when_last_modified": modified,
        "_move_off_tablet": move_off,
        "patient_id": patient,
        "which_idnum": which,
        "idnum_value": value,
    }


def phq9(key: int = 1, patient: int = 1, modified: str = T0, move_off: int = 0, **more: Any) -> Row:
    return {
        "id": key,
        "when_last_modified": modified,
        "_move_off_tablet": move_off,
        "when_created": T0,
        "when_firstexit": T0,
        "firstexit_is_finish": 1,
        "firstexit_is_abort": 0,
        "editing_time_s": 12.5,
        "patient_id": patient,
        **{f"q{n}": n % 4 for n in range(1, 11)},
        **more,
    }


def photosequence(key: int = 1, patient: int = 1, modified: str = T0, move_off: int = 0) -> Row:
    return {
        "id": key,
        "when_last_modified": modified,
        "_move_off_tablet": move_off,
        "when_created": T0,
        "patient_id": patient,
        "sequence_description": "Two pictures",
    }


def picture(
    key: int, sequence: int = 1, blob: int = 1, modified: str = T0, move_off: int = 0
) -> Row:
    return {
        "id": key,
        "when_last_modified": modified,
        "_move_off_tablet": move_off,
        "photosequence_id": sequence,
        "seqnum": key,
        "description": f"picture {key}",
        "photo_blobid": blob,
    }


def blob(key: int = 1, owner: int = 1, modified: str = T0, move_off: int = 0) -> Row:
    return {
        "id": key,
        "when_last_modified": modified,
        "_move_off_tablet": move_off,
        "tablename": "photosequence_photos",
        "tablepk": owner,
        "fieldname": "photo_blobid",
        "filename": "x.png",
        "mimetype": "image/png",
        "image_rotation_deg_cw": 0,
        "theblob": b"\x89PNG" + key.to_bytes(2, "big"),
    }


def everything(**changes: list[Row]) -> dict[str, list[Row]]:
    """One patient with a number, two PHQ-9s, and a sequence of one picture."""
    return {
        "patient": [person()],
        "patient_idnum": [number()],
        "phq9": [phq9(1), phq9(2)],
        "photosequence": [photosequence()],
        "photosequence_photos": [picture(1)],
        "blobs": [blob()],
        "gad7": [],
        **changes,
    }
