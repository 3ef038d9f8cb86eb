# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tablet's description of its patients must be like."""

import datetime as dt
import json
from typing import Any

import pytest

from camcops.problems import Problem
from camcops.tablet_api.policy_check import Policies
from camcops.tablet_api.validation import read_patients
from tests.tablet import WsgiTablet
from tests.tablet_api.refusals import refused

TYPES = {1, 2}
GOOD = {
    "forename": "Zoë",
    "surname": "",
    "sex": "F",
    "dob": "1980-02-29",
    "email": None,
    "idnum2": 5,
    "finalizing": False,
}


def test_details() -> None:
    [patient] = read_patients([GOOD], TYPES)
    assert patient.details["dob"] == dt.date(1980, 2, 29)
    assert patient.details["surname"] is None
    assert patient.items.words == {"forename", "sex", "dob"}
    assert patient.items.idnums == {2}
    assert read_patients([], TYPES) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"forename": 1}, "forename"),
        ({"sex": "f"}, "sex"),
        ({"sex": None}, "sex"),
        ({"sex": ["F"]}, "sex"),
        ({"dob": "29/02/1980"}, "dob"),
        ({"dob": "1981-02-29"}, "dob"),
        ({"dob": 1980}, "dob"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@" + "b" * 300}, "email"),
        ({"idnum2": None}, "idnum2"),
        ({"idnum2": True}, "idnum2"),
        ({"idnum2": 0}, "idnum2"),
        ({"idnum2": 2**63}, "idnum2"),
        ({"idnum2": 1.0}, "idnum2"),
        ({"idnum9": 1}, "9"),
        ({"idnum02": 1}, "twice"),
        ({"finalizing": 1}, "finalizing"),
        ({"shoe_size": 43}, "shoe_size"),
    ],
)
def test_refused(change: dict[str, Any], word: str) -> None:
    with pytest.raises(Problem, match=word):
        read_patients([{**GOOD, **change}], TYPES)


@pytest.mark.parametrize("data", [{}, None, "x", [[]], [{}], [1]])
def test_wrong_shapes(data: Any) -> None:
    with pytest.raises(Problem):
        read_patients(data, TYPES)


def test_finalizing_is_required() -> None:
    with pytest.raises(Problem, match="finalizing"):
        read_patients([{"sex": "F"}], TYPES)


def test_each_patient_by_the_policy_for_it() -> None:
    policies = Policies(1, "sex", "sex AND idnum1")
    staying, leaving = read_patients([GOOD, {**GOOD, "finalizing": True}], TYPES)
    policies.check(staying.items, finalizing=staying.finalizing)
    with pytest.raises(Problem, match="finalize policy"):
        policies.check(leaving.items, finalizing=leaving.finalizing)


def test_what_was_accepted_before_a_change_holds_for_its_group_alone() -> None:
    [patient] = read_patients([GOOD], TYPES)
    stricter, before = Policies(1, "idnum1", "idnum1"), Policies(1, "sex", "sex")
    stricter.check(patient.items, finalizing=True, accepted=before)
    with pytest.raises(Problem, match="upload policy"):
        stricter.check(patient.items, finalizing=False, accepted=Policies(2, "sex", "sex"))
    assert Policies.from_json(before.to_json()) == before


def test_over_http(quick_device: WsgiTablet) -> None:
    def ask(*patients: dict[str, Any]) -> Any:
        return quick_device.answer("validate_patients", patient_info=json.dumps(patients))

    assert ask().lines["result"] == "Success"
    assert ask(GOOD).lines["result"] == "Success"
    refused(ask({**GOOD, "finalizing": True}), "finalize policy")
    refused(ask(GOOD, {"sex": "F", "finalizing": False}), "upload policy")
    refused(ask({**GOOD, "idnum7": 1}), "7")
    refused(quick_device.answer("validate_patients"), "patient_info")
    refused(quick_device.answer("validate_patients", patient_info="{}"), "array")
