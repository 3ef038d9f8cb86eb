# SPDX-License-Identifier: GPL-3.0-or-later
"""A patient's own device, for tests, on the state before the scripted session."""

import json
from typing import Any
from wsgiref.types import WSGIApplication

import sqlalchemy as sa

from camcops.accounts.groups import find_group
from camcops.accounts.users import find_user
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import groups
from camcops.schedules.server_patients import ServerPatient, create_patient, read_person
from tests.initial_states import make_scripted_state
from tests.tablet import Answer, WsgiTablet, tablet
from tests.tablet_api.contents import number, person

KEY = "galuj-naliv-mutos-hoviz-nutuv-buhoz-ludoz-fomad-h"
NOBODYS_KEY = "babab-babab-babab-babab-babab-babab-babab-babab-b"
PHONE = "device-of-patient"

SINGLE: dict[str, Any] = {
    "forename": "Single",
    "surname": "Patient",
    "sex": "F",
    "dob": "1970-07-08",
    "email": "single@example.com",
    "address": None,
    "gp": None,
    "other": None,
}


def make_home_state(database: Database) -> None:
    """The state before the scripted session, with policies that patient "Single" satisfies."""
    make_scripted_state(database)
    policy = groups.update().values(finalize_policy="sex AND anyidnum")
    database.write(lambda conn: conn.execute(policy))


def registering(application: WSGIApplication, key: str = KEY, device: str = PHONE) -> Answer:
    """The reply to an attempt to register a patient."""
    stranger = tablet(application, device, user="", password="")
    return stranger.answer("register_patient", patient_proquint=key)


def phone(application: WSGIApplication, key: str = KEY, device: str = PHONE) -> WsgiTablet:
    """A device that has registered, with its account."""
    lines = registering(application, key, device).lines
    made = tablet(application, device, lines["user"], lines["password"])
    made.call("register", devicefriendlyname="A phone")
    made.session = {}
    return made


def contents(**more: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What the app of patient "Single" holds, and tasks besides."""
    return {
        "patient": [person(**SINGLE)],
        "patient_idnum": [number(which=3, value=777)],
        **more,
    }


def described(**changes: Any) -> str:
    """Patient "Single" as `validate_patients` wants it."""
    return json.dumps([{**SINGLE, "idnum3": 777, "finalizing": False, **changes}])


def schedules(device: WsgiTablet, key: str = KEY) -> list[dict[str, Any]]:
    found = device.call("get_task_schedules", patient_proquint=key)
    made: list[dict[str, Any]] = json.loads(found["task_schedules"])
    return made


def another_patient(database: Database, **details: Any) -> ServerPatient:
    """A second patient of group `clinic`."""
    given = {
        "forename": "Other",
        "surname": "Person",
        "sex": "M",
        "dob": "1980-01-01",
        "idnum1": 9434765919,
        **details,
    }

    def make(conn: sa.Connection) -> ServerPatient:
        group, admin = find_group(conn, "clinic"), find_user(conn, "admin")
        assert group is not None
        assert admin is not None
        found = read_person(conn, given, group)
        return create_patient(conn, found, group_id=group.id, user_id=admin.id, now=utc_now())

    return database.write(make)
