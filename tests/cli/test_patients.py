# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands about patients at home, up to a device that registers with the key they print."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import groups, patient, task_schedule_items
from camcops.records.index_check import faults
from tests.cli.test_accounts import Run, camcops, config, trail
from tests.tablet_api.conftest import make_application
from tests.tablet_api.patients_at_home import make_home_state, phone, registering, schedules

__all__ = ["camcops", "config", "make_application"]

SCHEDULE = """
name: Fortnightly mood
group: clinic
items:
  - {task: gad7, due_from: 14, due_within: 7}
  - {task: phq9, due_from: 0, due_within: 14}
"""
PATIENT = {
    "group": "Clinic",
    "forename": "Ada",
    "surname": "Example",
    "sex": "F",
    "dob": "1985-12-10",
    "email": "ada@example.com",
    "idnum1": 9434765919,
    "idnum3": 12,
}


@pytest.fixture
def home(sqlite_database: Database) -> Database:
    make_home_state(sqlite_database)
    return sqlite_database


def printed(out: str, label: str) -> str:
    found = re.search(rf"^{label}: (.*)$", out, re.MULTILINE)
    assert found, out
    return found[1]


def test_from_the_first_command_to_the_patients_device(
    home: Database,
    camcops: Run,
    make_application: Callable[[Database], WSGIApplication],
    tmp_path: Path,
) -> None:
    done = camcops("make_schedule", "-", input=SCHEDULE)
    assert (done.status, done.out) == (0, ""), done.err
    done = camcops("make_patient", "-", input=json.dumps(PATIENT))
    assert (done.status, done.err) == (0, "")
    number, key = printed(done.out, "Patient"), printed(done.out, "Access key")
    settings = tmp_path / "settings.yaml"
    settings.write_text("phq9: {greeting: Hello}\n")
    options = ("--schedule", "Fortnightly mood", "--start", "2026-11-02T09:00+01:00")
    done = camcops("assign_schedule", "--patient", number, *options, "--settings", str(settings))
    assert (done.status, printed(done.out, "Access key")) == (0, key)
    for label, scheme in (("Android", "https"), ("iOS", "camcops")):
        link = urlsplit(printed(done.out, f"Link for {label}"))
        assert (link.scheme, link.netloc) == (scheme, "ucam-department-of-psychiatry.github.io")
        query = parse_qs(link.query, strict_parsing=True)
        assert query == {
            "default_single_user_mode": ["true"],
            "default_server_location": [printed(done.out, "Server")],
            "default_access_key": [key],
        }
    assert f"{number}\t{key}\tclinic\tExample\tAda\t1985-12-10\t1: 9434765919, 3: 12\t" in (
        camcops("list_patients").out
    )
    check_on_device(make_application(home), number, key)
    done = camcops("revoke_key", "--patient", number)
    new = printed(done.out, "Access key")
    assert new != key
    application = make_application(home)
    assert registering(application, key).lines["success"] == "0"
    assert registering(application, new).lines["user"].endswith(f"-{number}")
    assert trail(home) == [
        "Task schedule Fortnightly mood made in group clinic",
        "Patient made on the server",
        "Task schedule 2 assigned",
        "Patients made on the server listed",
        "Access key revoked, and a new one made",
    ]
    assert home.read(lambda conn: list(faults(conn, home))) == []


def check_on_device(application: WSGIApplication, number: str, key: str) -> None:
    info = json.loads(registering(application, key).lines["patient_info"])
    assert info == [
        {
            "surname": "Example",
            "forename": "Ada",
            "sex": "F",
            "dob": "1985-12-10",
            "email": "ada@example.com",
            "address": None,
            "gp": None,
            "other": None,
            "idnum1": 9434765919,
            "idnum3": 12,
        }
    ]
    [schedule] = schedules(phone(application, key), key)
    assert schedule["task_schedule_name"] == "Fortnightly mood"
    shown = [(item["table"], item["due_from"]) for item in schedule["task_schedule_items"]]
    assert shown == [
        ("phq9", "2026-11-02T09:00:00+01:00"),
        ("gad7", "2026-11-16T09:00:00+01:00"),
    ]
    assert schedule["task_schedule_items"][0]["settings"] == {"greeting": "Hello"}


def test_rows_as_camcops_2_writes_them(home: Database, camcops: Run) -> None:
    camcops("make_schedule", "-", input=SCHEDULE)
    query = sa.select(task_schedule_items.c.due_from, task_schedule_items.c.due_by)
    rows = home.read(
        lambda conn: conn.execute(query.where(task_schedule_items.c.schedule_id == 2)).all()
    )
    assert set(rows) == {
        ("P0Y0MT1209600.0S", "P0Y0MT1814400.0S"),
        ("P0Y0MT0.0S", "P0Y0MT1209600.0S"),
    }
    camcops("make_patient", "-", input=json.dumps(PATIENT))
    newest = sa.select(patient).order_by(patient.c._pk.desc()).limit(1)
    row = home.read(lambda conn: conn.execute(newest).one())
    assert (row._era, row._current, row._addition_pending, row.id) == ("NOW", True, False, 2)
    assert (row._device_id, row._camcops_version) == (1, "2.4.24")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"group": "nowhere"}, "nowhere"),
        ({"sex": "f"}, "sex"),
        ({"idnum1": 9434765918}, "check digit"),
        ({"idnum9": 1}, "9"),
        ({"dob": "10/12/1985"}, "dob"),
        ({"surname": "x" * 256}, "255"),
        ({"surname": "a\0b"}, "surname"),
        ({"shoe": 43}, "shoe"),
    ],
)
def test_patients_that_are_refused(
    home: Database, camcops: Run, change: dict[str, Any], word: str
) -> None:
    done = camcops("make_patient", "-", input=json.dumps({**PATIENT, **change}))
    assert (done.status, done.out) == (1, "")
    assert word in done.err
    count = sa.select(sa.func.count()).select_from(patient)
    assert home.read(lambda conn: conn.scalar(count)) == 1


@pytest.mark.parametrize("lacking", ["group", "sex"])
def test_what_a_patient_must_have(home: Database, camcops: Run, lacking: str) -> None:
    given = {key: value for key, value in PATIENT.items() if key != lacking}
    assert lacking in camcops("make_patient", "-", input=json.dumps(given)).err


def test_an_id_number_and_the_policy(home: Database, camcops: Run) -> None:
    bare = {key: value for key, value in PATIENT.items() if not key.startswith("idnum")}
    assert "ID number" in camcops("make_patient", "-", input=json.dumps(bare)).err
    change = groups.update().values(finalize_policy="sex AND idnum2")
    home.write(lambda conn: conn.execute(change))
    assert "sex AND idnum2" in camcops("make_patient", "-", input=json.dumps(PATIENT)).err


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("phq9", "nosuch", 6, "nosuch"),
        ("due_within: 7", "due_within: 0", 5, "due_within"),
        ("due_from: 0", "due_from: soon", 6, "due_from"),
        (", due_within: 14", "", 6, "due_within"),
        ("name: Fortnightly mood\n", "", 2, "name"),
        ("group: clinic", "groop: clinic", 3, "groop"),
        ("  - {", "  - [", 5, "YAML"),
    ],
)
def test_schedules_that_are_refused(
    home: Database, camcops: Run, old: str, new: str, line: int, word: str
) -> None:
    done = camcops("make_schedule", "-", input=SCHEDULE.replace(old, new))
    assert (done.status, done.out) == (1, "")
    assert re.search(rf":{line}: .*{word}", done.err), done.err


def test_names_and_uses_of_schedules(home: Database, camcops: Run) -> None:
    assert camcops("make_schedule", "-", input=SCHEDULE).status == 0
    assert "already" in camcops("make_schedule", "-", input=SCHEDULE).err
    elsewhere = SCHEDULE.replace("clinic", "research")
    assert camcops("make_schedule", "-", input=elsewhere).status == 0
    # The group `clinic` has said that it makes no commercial use; `research` has said nothing.
    restricted = SCHEDULE.replace("gad7", "ace3").replace("Fortnightly", "Weekly")
    assert camcops("make_schedule", "-", input=restricted).status == 0
    done = camcops("make_schedule", "-", input=restricted.replace("clinic", "research"))
    assert (done.status, "commercial" in done.err) == (1, True)


def test_what_staff_fill_in_is_warned_of(home: Database, camcops: Run, tmp_path: Path) -> None:
    done = camcops("make_schedule", "-", input=SCHEDULE.replace("gad7", "honos"))
    assert (done.status, "honos is meant" in done.err) == (0, True)
    file = tmp_path / "latin1.yaml"
    file.write_bytes(b"name: \xff")
    assert "UTF-8" in camcops("make_schedule", str(file)).err


def test_unknown_numbers_and_names(home: Database, camcops: Run) -> None:
    assert "99" in camcops("revoke_key", "--patient", "99").err
    done = camcops("assign_schedule", "--patient", "1", "--schedule", "None such")
    assert (done.status, "None such" in done.err) == (1, True)
    done = camcops("assign_schedule", "--patient", "1", "--schedule", "Weekly", "--start", "soon")
    assert done.status == 2


def test_the_guides_examples(home: Database, camcops: Run) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "administrator" / "patients.md").read_text()
    person, schedule = re.findall(r"<<'END'\n(.*?)^END$", guide, re.DOTALL | re.MULTILINE)
    assert camcops("make_schedule", "-", input=schedule).status == 0
    made = camcops("make_patient", "-", input=person)
    assert made.status == 0
    [command] = re.findall(r"camcops_server (assign_schedule .*)", guide)
    command = command.replace("--config /etc/camcops/camcops.conf", "")
    words = shlex.split(command.replace("$PATIENT", printed(made.out, "Patient")))
    assert camcops(*words).status == 0
