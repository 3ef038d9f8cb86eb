# SPDX-License-Identifier: GPL-3.0-or-later
"""What a patient is to do, and what of it counts as done."""

import datetime as dt
import json
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.accounts.groups import find_group, let_see
from camcops.accounts.users import find_user
from camcops.db.database import Database
from camcops.db.schema import patient_task_schedules, task_schedule_items
from camcops.schedules.assignments import assign
from camcops.schedules.task_schedules import ScheduleItem, create_schedule
from tests.initial_states import PASSWORD
from tests.statements import count_statements
from tests.tablet import WsgiTablet, tablet
from tests.tablet_api.contents import number, person, phq9
from tests.tablet_api.patients_at_home import contents, phone, schedules

WEEK = dt.timedelta(days=7)


@pytest.fixture
def site(home_database: Database, make_application: Any) -> WSGIApplication:
    application: WSGIApplication = make_application(home_database)
    return application


@pytest.fixture
def device(site: WSGIApplication) -> WsgiTablet:
    return phone(site)


def begin(database: Database, start: str | None) -> None:
    """Let all schedules start at another instant."""
    change = patient_task_schedules.update().values(start_datetime=start)
    database.write(lambda conn: conn.execute(change))


def due(device: WsgiTablet, table: str = "phq9") -> dict[str, Any]:
    """The one item of that table in schedule "Weekly"."""
    [item] = [one for one in schedules(device)[0]["task_schedule_items"] if one["table"] == table]
    return dict(item)


def made(when: str, key: int = 1, changed: str | None = None, **more: Any) -> dict[str, Any]:
    return phq9(key, modified=changed or when, **{"when_created": when, **more})


def test_a_missing_start_is_now_and_stays(device: WsgiTablet, home_database: Database) -> None:
    begin(home_database, None)
    before = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0)
    first = due(device)
    after = dt.datetime.now(dt.UTC)
    start = dt.datetime.fromisoformat(first["due_from"])
    assert before <= start <= after
    assert (start.second, start.microsecond, start.utcoffset()) == (0, 0, dt.timedelta())
    assert due(device) == first
    query = sa.select(patient_task_schedules.c.start_datetime)
    kept = home_database.read(lambda conn: conn.scalar(query))
    assert kept == start.isoformat(timespec="microseconds")


def test_the_offset_of_the_start_is_kept(device: WsgiTablet, home_database: Database) -> None:
    begin(home_database, "2026-10-20T09:30:00.000000+01:00")
    item = due(device)
    assert item["due_from"] == "2026-10-20T09:30:00+01:00"
    assert item["due_by"] == "2026-10-27T09:30:00+01:00"


@pytest.mark.parametrize(
    ("created", "counts"),
    [
        # From 08:30 UTC on 20 October until, a week of summer time's offset later, 08:30 UTC.
        ("2026-10-20T08:29:59.999+00:00", False),
        ("2026-10-20T09:29:59.999+01:00", False),
        ("2026-10-20T08:30:00.000+00:00", True),
        ("2026-10-20T04:30:00.000-04:00", True),
        ("2026-10-27T08:29:59.999+00:00", True),
        ("2026-10-27T08:30:00.000+00:00", False),
        ("2026-10-27T09:30:00.000+01:00", False),
        ("2026-10-27T04:29:59.000-04:00", True),
    ],
)
def test_from_the_first_instant_until_before_the_last(
    device: WsgiTablet, home_database: Database, created: str, counts: bool
) -> None:
    begin(home_database, "2026-10-20T09:30:00.000000+01:00")
    device.upload(contents(phq9=[made(created)]), finish=False, one_step=True)
    item = due(device)
    assert item["complete"] is counts
    assert (item["when_completed"] is not None) is counts


def test_when_it_was_completed_is_when_it_was_last_changed(device: WsgiTablet) -> None:
    task = made("2026-11-02T10:00:00.000+00:00", changed="2026-11-09T11:22:33.456+02:00")
    device.upload(contents(phq9=[task]), finish=True, one_step=False)
    assert due(device)["when_completed"] == "2026-11-09T11:22:33.456000+02:00"
    assert due(device, "gad7") == {
        "table": "gad7",
        "anonymous": False,
        "settings": {},
        "due_from": "2026-11-08T00:00:00+00:00",
        "due_by": "2026-11-15T00:00:00+00:00",
        "complete": False,
        "when_completed": None,
    }


def test_of_several_the_one_created_last_counts(device: WsgiTablet) -> None:
    done = made("2026-11-02T10:00:00.000+00:00", 1)
    begun = made("2026-11-03T10:00:00.000+00:00", 2, q5=None)
    device.upload(contents(phq9=[done, begun]), finish=False, one_step=True)
    assert (due(device)["complete"], due(device)["when_completed"]) == (False, None)
    finished = {**begun, "q5": 1, "when_last_modified": "2026-11-04T10:00:00.000+00:00"}
    device.upload(contents(phq9=[done, finished]), finish=False, one_step=False)
    assert due(device)["when_completed"] == "2026-11-04T10:00:00+00:00"
    device.upload(contents(phq9=[done]), finish=False, one_step=True)
    assert due(device)["when_completed"] == "2026-11-02T10:00:00+00:00"


def test_anonymous_tasks_are_nobodys(device: WsgiTablet) -> None:
    when = "2026-11-02T10:00:00.000+00:00"
    task: dict[str, Any] = {
        "id": 1,
        "when_last_modified": when,
        "_move_off_tablet": 0,
        "when_created": when,
    }
    device.upload(contents(apeqpt=[{**task, "q1_satisfaction": 4}]), finish=True, one_step=True)
    item = due(device, "apeqpt")
    assert (item["anonymous"], item["complete"], item["when_completed"]) == (True, False, None)


def test_tasks_from_any_tablet_count_if_an_id_number_is_shared(
    device: WsgiTablet, site: WSGIApplication, home_database: Database
) -> None:
    ward = tablet(site, user="tablet", password=PASSWORD)
    ward.call("register")
    ward.session = {}
    task = made("2026-11-02T10:00:00.000+00:00")
    stranger = {"patient": [person()], "patient_idnum": [number(which=2, value=777)]}
    ward.upload({**stranger, "phq9": [task]}, finish=True, one_step=True)
    assert due(device)["complete"] is False
    same = [number(1, which=2, value=5), number(2, which=3, value=777)]
    ward.upload(
        {"patient": [person()], "patient_idnum": same, "phq9": [task]}, finish=True, one_step=True
    )
    assert due(device)["complete"] is True


def test_only_groups_that_the_account_may_see_count(
    device: WsgiTablet, site: WSGIApplication, home_database: Database
) -> None:
    elsewhere = tablet(site, "device-r", "tablet2", PASSWORD)
    elsewhere.call("register")
    elsewhere.session = {}
    numbers = [number(which=3, value=777)]
    task = made("2026-11-02T10:00:00.000+00:00")
    data = {"patient": [person()], "patient_idnum": numbers, "phq9": [task]}
    elsewhere.upload(data, finish=True, one_step=True)
    assert due(device)["complete"] is False

    def open_eyes(conn: sa.Connection) -> None:
        clinic, research = find_group(conn, "clinic"), find_group(conn, "research")
        assert clinic is not None
        assert research is not None
        let_see(conn, clinic.id, [research.id])

    home_database.write(open_eyes)
    assert due(device)["complete"] is True


def test_items_that_can_not_be_carried_out_are_left_out(
    device: WsgiTablet, home_database: Database
) -> None:
    bad: list[dict[str, Any]] = [
        {"task_table_name": None, "due_from": "P0Y0MT0.0S", "due_by": "P0Y0MT1.0S"},
        {"task_table_name": "no_such_task", "due_from": "P0Y0MT0.0S", "due_by": "P0Y0MT1.0S"},
        {"task_table_name": "bmi", "due_from": None, "due_by": "P0Y0MT1.0S"},
        {"task_table_name": "bmi", "due_from": "soon", "due_by": "later"},
        {"task_table_name": "bmi", "due_from": "P9000Y", "due_by": "P9000Y"},
    ]
    rows = [{"schedule_id": 1, **one} for one in bad]
    before = schedules(device)
    home_database.write(lambda conn: conn.execute(task_schedule_items.insert(), rows))
    spoilt = patient_task_schedules.update().values(settings="{")
    home_database.write(lambda conn: conn.execute(spoilt))
    for item in before[0]["task_schedule_items"]:
        item["settings"] = {}
    assert schedules(device) == before


def many(database: Database, tables: list[str], times: int) -> None:
    """A further schedule with many items, of which some are done."""

    def make(conn: sa.Connection) -> None:
        group = find_group(conn, "clinic")
        user = find_user(conn, "admin")
        assert group is not None
        assert user is not None
        items = [ScheduleItem(name, 7 * n, 7 * n + 7) for n in range(times) for name in tables]
        number = create_schedule(conn, f"Many {times}", group, items, database.library)
        start = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
        assign(conn, patient_pk=1, schedule_id=number, start=start, settings={})

    database.write(make)


@pytest.mark.parametrize("times", [1, 60])
def test_the_number_of_statements_is_fixed(
    device: WsgiTablet, home_database: Database, times: int
) -> None:
    many(home_database, ["phq9", "gad7", "bmi"], times)
    weeks = [dt.datetime(2026, 11, 2, tzinfo=dt.UTC) + n * WEEK for n in range(times)]
    tasks = [made(when.isoformat(), key) for key, when in enumerate(weeks, start=1)]
    device.upload(contents(phq9=tasks), finish=False, one_step=True)
    begin(home_database, None)
    device.call("check_upload_user_and_device")
    with count_statements(home_database) as seen:
        schedules(device)
    assert len(seen) <= 16, "\n".join(seen)
    begin(home_database, "2026-11-01T00:00:00.000000+00:00")
    with count_statements(home_database) as seen:
        found = schedules(device)
    assert len(seen) <= 12, "\n".join(seen)
    items = found[1]["task_schedule_items"]
    assert len(items) == 3 * times
    assert sum(item["complete"] for item in items) == times
    assert json.dumps(items).count("when_completed") == 3 * times
