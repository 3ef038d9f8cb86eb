# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering a patient's own device, and what its account is and is not good for."""

import json
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.accounts.users import create_user, find_user
from camcops.db.database import Database
from camcops.db.schema import audit, memberships, sessions, users
from camcops.tablet_api.literals import encode_list
from tests.initial_states import PASSWORD
from tests.tablet import tablet
from tests.tablet_api.contents import number, person, phq9
from tests.tablet_api.patients_at_home import (
    KEY,
    NOBODYS_KEY,
    PHONE,
    SINGLE,
    another_patient,
    contents,
    described,
    phone,
    registering,
    schedules,
)
from tests.tablet_api.refusals import literals, refused, stored


@pytest.fixture
def site(home_database: Database, make_application: Any) -> WSGIApplication:
    application: WSGIApplication = make_application(home_database)
    return application


def audited(database: Database) -> list[str]:
    query = sa.select(audit.c.details).order_by(audit.c.id)
    return database.read(lambda conn: list(conn.scalars(query)))


def test_keys_are_read_generously(site: WSGIApplication) -> None:
    lines = registering(site, f"  {KEY.upper()}\n").lines
    assert lines["success"] == "1"
    assert lines["user"] == f"user-{PHONE}-1"


def test_malformed_and_unknown_keys_fail_alike(
    site: WSGIApplication, home_database: Database
) -> None:
    texts = set()
    for key in (NOBODYS_KEY, "xxxxx-xxxxx-x", KEY[:-1] + "b"):
        answer = registering(site, key)
        refused(answer, key)
        texts.add(answer.lines["error"].replace(key, "KEY"))
    assert len(texts) == 1
    refused(registering(site, ""), "patient_proquint")
    trail = audited(home_database)
    assert [text.split()[:2] for text in trail] == [["register_patient", "refused"]] * 3
    assert not any("xxxxx" in text for text in trail)
    assert not any(user for user in all_users(home_database) if user.auto_generated)


def all_users(database: Database) -> list[Any]:
    return database.read(lambda conn: list(conn.execute(sa.select(users))))


def test_a_patient_without_id_numbers(site: WSGIApplication, home_database: Database) -> None:
    numbers = home_database.tables["patient_idnum"].table
    home_database.write(lambda conn: conn.execute(numbers.update().values(idnum_value=None)))
    refused(registering(site), "no ID number")


def test_registering_again_makes_the_account_anew(
    site: WSGIApplication, home_database: Database
) -> None:
    first = phone(site)
    first.call("check_upload_user_and_device")
    assert first.session

    def spoil(conn: sa.Connection) -> None:
        user = find_user(conn, first.user)
        assert user is not None
        conn.execute(
            users.update().where(users.c.id == user.id).values(superuser=True, upload_group_id=None)
        )
        conn.execute(memberships.update().values(groupadmin=True))

    home_database.write(spoil)
    second = phone(site)
    assert second.user == first.user
    assert second.password != first.password
    refused(first.answer("check_upload_user_and_device"), "Invalid username/password")
    first.session = {}
    refused(first.answer("check_upload_user_and_device"), "Invalid username/password")
    second.call("check_upload_user_and_device")
    user = home_database.read(lambda conn: find_user(conn, second.user))
    assert user is not None
    assert not user.superuser
    assert user.auto_generated
    [membership] = user.memberships
    assert membership.flags == {"may_upload", "may_register_devices"}
    assert user.upload_group_id == membership.group_id
    assert "register_patient, account user-device-of-patient-1" in audited(home_database)


def test_sessions_of_before_are_gone(site: WSGIApplication, home_database: Database) -> None:
    phone(site)
    registering(site)
    query = sa.select(sessions.c.user_id).where(sessions.c.user_id.is_not(None))
    assert not home_database.read(lambda conn: conn.scalars(query).all())


def test_another_device_gets_another_account(site: WSGIApplication) -> None:
    first, second = phone(site), phone(site, device="device-two")
    assert (first.user, second.user) == (f"user-{PHONE}-1", "user-device-two-1")
    first.call("check_upload_user_and_device")
    refused(registering(site, device="Device-Two"), "already a user")


def test_nobodys_account_is_taken_over(site: WSGIApplication, home_database: Database) -> None:
    name = f"user-{PHONE}-1"
    home_database.write(lambda conn: create_user(conn, username=name, password=PASSWORD))
    refused(registering(site), "already a user")
    by_password = tablet(site, PHONE, name, PASSWORD)
    refused(by_password.answer("get_allowed_tables"), "not chosen a group")


def test_the_patient_is_described_as_on_the_server(site: WSGIApplication) -> None:
    device = phone(site)

    def ask(text: str) -> Any:
        return device.answer("validate_patients", patient_info=text)

    for good in (described(), described(address="", gp=""), "[]"):
        assert ask(good).lines["success"] == "1"
    for bad in (
        described(surname="Impostor"),
        described(dob=None),
        described(address="Here"),
        described(idnum3=778),
        described(idnum2=777),
    ):
        refused(ask(bad), "the patient")


def test_order_of_id_numbers_makes_no_difference(
    site: WSGIApplication, home_database: Database
) -> None:
    other = another_patient(home_database, idnum2=5)
    device = phone(site, other.access_key, "device-two")
    details = {"forename": "Other", "surname": "Person", "sex": "M", "dob": "1980-01-01"}
    for numbers in (
        {"idnum1": 9434765919, "idnum2": 5},
        {"idnum2": 5, "idnum1": 9434765919},
    ):
        info = json.dumps([{**numbers, **details, "finalizing": True}])
        assert device.answer("validate_patients", patient_info=info).lines["success"] == "1"


@pytest.mark.parametrize("one_step", [False, True])
def test_own_records_are_taken(
    site: WSGIApplication, home_database: Database, one_step: bool
) -> None:
    device = phone(site)
    for finish in (False, False, True, True):
        device.upload(contents(phq9=[phq9()]), finish=finish, one_step=one_step)
    assert stored(home_database)["phq9"] >= 1
    trail = audited(home_database)
    assert not [text for text in trail if "refused" in text]


OWN_NUMBER = contents()["patient_idnum"][0]
WRONG: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "surname": ("patient", [person(**{**SINGLE, "surname": "Impostor"})]),
    "detail left out": ("patient", [{**contents()["patient"][0], "email": None}]),
    "second patient": ("patient", [person(**SINGLE), person(2, **{**SINGLE, "forename": "Two"})]),
    "value": ("patient_idnum", [{**OWN_NUMBER, "idnum_value": 778}]),
    "type": ("patient_idnum", [{**OWN_NUMBER, "which_idnum": 2}]),
    "no value": ("patient_idnum", [{**OWN_NUMBER, "idnum_value": None}]),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_other_peoples_records_are_refused(
    site: WSGIApplication, home_database: Database, wrong: str
) -> None:
    device, before = phone(site), stored(home_database)
    name, rows = WRONG[wrong]
    tables = literals({**contents(), name: rows})
    refused(device.answer("upload_entire_database", finalizing="0", **tables), "own patient")
    device.call("start_upload")
    sending = {"table": name, "pkname": "id", "fields": ",".join(rows[0])}
    records = {f"record{n}": encode_list(row.values()) for n, row in enumerate(rows)}
    answer = device.answer("upload_table", nrecords=str(len(rows)), **sending, **records)
    refused(answer, "own patient")
    last = encode_list(rows[-1].values())
    refused(device.answer("upload_record", values=last, **sending), "own patient")
    device.call("end_upload")
    assert stored(home_database) == before
    refusals = [text for text in audited(home_database) if "tablet_another_patient" in text]
    assert len(refusals) == 3
    assert not any("Impostor" in text for text in refusals)


def test_another_patients_key_is_as_good_as_none(
    site: WSGIApplication, home_database: Database
) -> None:
    other, device = another_patient(home_database), phone(site)
    assert schedules(device)
    refused(device.answer("get_task_schedules", patient_proquint=NOBODYS_KEY), NOBODYS_KEY)
    answer = device.answer("get_task_schedules", patient_proquint=other.access_key)
    refused(answer, other.access_key)
    staff = tablet(site, user="tablet", password=PASSWORD)
    assert schedules(staff, other.access_key) == []


def test_an_account_is_for_one_device(site: WSGIApplication, home_database: Database) -> None:
    device = phone(site)
    device.device = "device-two"
    for operation in ("register", "get_allowed_tables", "start_upload"):
        refused(device.answer(operation), "another device")
    assert "register refused (tablet_another_device), device device-two" in audited(home_database)


def test_records_of_staff_are_out_of_reach(site: WSGIApplication, home_database: Database) -> None:
    held = {"patient": [person()], "patient_idnum": [number()], "phq9": [phq9()]}
    device = phone(site)
    ward = tablet(site, PHONE, "tablet", PASSWORD)
    ward.call("register")
    ward.session = {}
    ward.upload(held, finish=False, one_step=True)
    before = stored(home_database)
    refused(registering(site), "somebody else")
    refused(device.answer("start_upload"), "somebody else")
    tables = literals(contents())
    refused(device.answer("upload_entire_database", finalizing="1", **tables), "somebody else")
    assert stored(home_database) == before
    ward.session = {}
    ward.upload(held, finish=True, one_step=True)
    device.upload(contents(), finish=False, one_step=False)


@pytest.mark.parametrize("finish", [False, True])
@pytest.mark.parametrize("one_step", [False, True])
def test_tasks_can_not_be_attached_to_somebody_else_on_the_device(
    site: WSGIApplication, home_database: Database, one_step: bool, finish: bool
) -> None:
    other = another_patient(home_database)
    phone(site).upload(contents(), finish=False, one_step=True)
    device = phone(site, other.access_key)
    if one_step:
        tables = literals({"patient": [person(**SINGLE)], "phq9": [phq9()]})
        answer = device.answer(
            "upload_entire_database", finalizing="1" if finish else "0", **tables
        )
    else:
        device.call("start_upload")
        if finish:
            device.call("start_preservation")
        row = phq9()
        sending = {"table": "phq9", "pkname": "id", "fields": ",".join(row)}
        device.call("upload_record", values=encode_list(row.values()), **sending)
        answer = device.answer("end_upload")
    refused(answer, "own patient")
    assert stored(home_database)["phq9"] == (0 if one_step else 1)
    phone(site).upload(contents(phq9=[phq9()]), finish=True, one_step=False)


def test_an_account_outlives_its_patient_uselessly(
    site: WSGIApplication, home_database: Database
) -> None:
    device = phone(site)
    home_database.write(lambda conn: conn.execute(users.update().values(single_patient_pk=None)))
    refused(device.answer("validate_patients", patient_info=described()), "no longer")
    refused(device.answer("start_upload"), "no longer")
    refused(device.answer("get_task_schedules", patient_proquint=KEY), KEY)
