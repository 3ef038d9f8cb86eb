# SPDX-License-Identifier: GPL-3.0-or-later
"""A patient's own device, recorded with CamCOPS 2.4: same answers, same rows."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.types import WSGIApplication

import pytest

from camcops.db.database import Database
from tests.initial_states import make_scripted_state
from tests.tablet import Answer, tablet
from tests.tablet_api.contents import phq9
from tests.tablet_api.patients_at_home import (
    PHONE,
    contents,
    make_home_state,
    phone,
    registering,
    schedules,
)
from tests.tablet_api.recordings import Exchange, Replay, recording, rows_after_phases
from tests.tablet_api.test_recorded_tablets import check_same
from tests.tablet_api.test_scripted_session import SINGLE_USER, plain, rows_of, same

ITEMS = "task_schedule_items"
DEVICE = "device-cccc-0003"
TABLES = ("patient", "patient_idnum", "phq9", "_task_index")
# Numbers that depend on what happened on the server before.
KEYS = {"_pk", "task_pk", "_group_id", "group_id"}


@pytest.mark.slow
def test_single_user_session(database: Database, make_application: Any) -> None:
    make_scripted_state(database)
    application: WSGIApplication = make_application(database)
    replay = Replay(application)
    exchanges = [one for one in recording("scripted_session") if one.phase == SINGLE_USER]
    assert len(exchanges) == 29
    for exchange in exchanges:
        check(exchange, replay.send(exchange))
    expected = rows_after_phases()[SINGLE_USER]
    their_devices = {row["id"]: row["name"] for row in expected["_security_devices"]}
    devices = {row["id"]: row["name"] for row in rows_of(database, "_security_devices")}
    for name in TABLES:
        ours = of_device(plain(rows_of(database, name), devices, name))
        theirs = of_device(plain(expected[name], their_devices, name))
        assert len(ours) == len(theirs) == 1, name
        for column in theirs[0].keys() - KEYS:
            assert same(ours[0][column], theirs[0][column]), (name, column)
    check_account(database, expected["_security_users"])


def check(exchange: Exchange, answer: Answer) -> None:
    """Passwords differ, but are of the same kind."""
    if "password" in exchange.reply:
        ours, theirs = answer.lines["password"], exchange.reply["password"]
        assert len(ours) == len(theirs) == 32
        assert ours.isascii()
        assert ours.isprintable()
        assert " " not in ours
        exchange.reply["password"] = ours
    check_same(exchange, answer)


def of_device(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if DEVICE in (row.get("_device_id"), row.get("device_id"))]


def check_account(database: Database, theirs: list[dict[str, Any]]) -> None:
    [expected] = [row for row in theirs if row["auto_generated"]]
    [made] = [row for row in rows_of(database, "_security_users") if row["auto_generated"]]
    for column in ("username", "auto_generated", "superuser"):
        assert made[column] == expected[column]
    [person] = [row for row in rows_of(database, "patient") if row["_device_id"] == 1]
    assert made["single_patient_pk"] == person["_pk"]
    assert made["upload_group_id"] == person["_group_id"]
    members = rows_of(database, "_security_user_group")
    [member] = [row for row in members if row["user_id"] == made["id"]]
    flags = {name for name, value in member.items() if value is True}
    assert flags == {"may_upload", "may_register_devices"}
    assert member["group_id"] == person["_group_id"]


def test_tasks_of_several_tables_are_looked_up_at_once(
    database: Database, make_application: Any
) -> None:
    make_home_state(database)
    device = phone(make_application(database))
    begun = "2026-11-09T10:00:00.000+00:00"
    answers = {f"q{n}": 1 for n in range(1, 8)}
    gad7 = {**phq9(modified=begun, when_created=begun), **answers}
    for name in ("q8", "q9", "q10"):
        del gad7[name]
    tasks = {
        "phq9": [phq9(modified=begun, when_created="2026-11-02T10:00:00.000+00:00")],
        "gad7": [gad7],
    }
    device.upload(contents(**tasks), finish=True, one_step=False)
    done = {item["table"]: item["when_completed"] for item in schedules(device)[0][ITEMS]}
    at = "2026-11-09T10:00:00+00:00"
    assert done == {"phq9": at, "gad7": at, "apeqpt": None}


@pytest.mark.slow
def test_one_device_registers_many_times_at_once(database: Database, make_application: Any) -> None:
    make_home_state(database)
    application = make_application(database)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: registering(application), range(6)))
    assert {answer.lines["success"] for answer in answers} == {"1"}
    assert {answer.lines["user"] for answer in answers} == {f"user-{PHONE}-1"}
    [made] = [row for row in rows_of(database, "_security_users") if row["auto_generated"]]
    members = rows_of(database, "_security_user_group")
    assert len([row for row in members if row["user_id"] == made["id"]]) == 1
    passwords = {answer.lines["password"] for answer in answers}
    devices = [tablet(application, PHONE, made["username"], one) for one in sorted(passwords)]
    admitted = [one.answer("get_allowed_tables").lines["success"] for one in devices]
    assert sorted(admitted) == ["0"] * 5 + ["1"]
