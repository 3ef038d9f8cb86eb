# SPDX-License-Identifier: GPL-3.0-or-later
"""What is uploaded: a patient with ten PHQ-9s, another one each time."""

from functools import cache
from random import Random
from typing import Any

from camcops.demonstration.people import nhs_number
from camcops.tablet_api.literals import Value

TASKS = 10
Rows = dict[str, list[dict[str, Value]]]


def visit(number: int) -> Rows:
    """A tablet's tables at a visit (numbered below 3,600): all rows are modified since the last one."""
    modified = f"2026-03-01T09:{number // 60:02}:{number % 60:02}.000+00:00"
    record: dict[str, Any] = {"_move_off_tablet": 0, "when_last_modified": modified}
    unknown = dict.fromkeys(("email", "address", "gp", "other"))
    patient = {"id": 1, "forename": "Zoë", "surname": f"N{number}", "sex": "F", "dob": "1980-01-02"}
    idnum = {
        "id": 1,
        "patient_id": 1,
        "which_idnum": 1,
        "idnum_value": _nhs_numbers()[number % 500],
    }
    answers = {f"q{item}": (number + item) % 4 for item in range(1, 11)}
    task = {
        "patient_id": 1,
        "when_created": modified,
        "when_firstexit": modified,
        "firstexit_is_finish": 1,
        "firstexit_is_abort": 0,
        "editing_time_s": 61.5,
    }
    return {
        "patient": [{**patient, **unknown, **record}],
        "patient_idnum": [{**idnum, **record}],
        "phq9": [{"id": key, **task, **answers, **record} for key in range(1, TASKS + 1)],
    }


def bare_rows(number: int) -> Rows:
    """The same rows for the floor, which knows no types: without the one date."""
    rows = visit(number)
    del rows["patient"][0]["dob"]
    for table in rows.values():
        for row in table:
            row["_move_off_tablet"] = False
    return rows


@cache
def _nhs_numbers() -> list[int]:
    random = Random(1)
    return [nhs_number(random) for _ in range(500)]
