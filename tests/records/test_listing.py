# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of tasks: who may see what, filters, paging, and what they read."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import pytest

from camcops.accounts.groups import let_see
from camcops.accounts.permissions import Permission
from camcops.accounts.users import User
from camcops.db.database import Database
from camcops.db.schema import task_index
from camcops.records.listing import Page, PageKey, TaskFilter, list_tasks
from camcops.records.task_filters import filter_choices
from tests.records.stored import add, add_group, add_user, define_idnums, index, utc
from tests.statements import count_statements

BROWSE = {Permission.VIEW_ALL_PATIENTS_WHEN_UNFILTERED}
NHS = 9434765919


@dataclass(frozen=True)
class Ward:
    """Two patients and five tasks in group `own`, one patient and one task in group `other`."""

    database: Database
    own: int
    other: int

    def page(self, user: User, asked: TaskFilter | None = None, **how: Any) -> Page:
        return self.database.read(
            lambda conn: list_tasks(conn, self.database, user, asked or TaskFilter(), **how)
        )


def created(day: int) -> str:
    return f"2026-05-{day:02}T10:00:00.000000+01:00"


def full_answers(value: int) -> dict[str, int]:
    return {f"q{n}": value for n in range(1, 10)} | {"q10": 0}


@pytest.fixture
def ward(database: Database) -> Ward:
    own, other = add_group(database, "ward"), add_group(database, "clinic")
    define_idnums(database)
    zoe = {"surname": "O'Brien", "forename": "Zoe", "sex": "F", "dob": dt.date(1980, 2, 29)}
    add(database, "patient", key=1, group=own, **zoe)
    add(database, "patient", key=2, group=own, surname="Smith", forename="Al", sex="M")
    add(database, "patient", key=3, group=other, surname="Smith", forename="Jo", sex="F")
    number = {"group": own, "patient_id": 1}
    add(database, "patient_idnum", key=1, which_idnum=1, idnum_value=NHS, **number)
    add(database, "patient_idnum", key=2, which_idnum=2, idnum_value=7, **number)
    add(database, "patient_idnum", key=3, group=own, patient_id=2, which_idnum=1, idnum_value=123)
    add(
        database, "phq9", key=1, group=own, patient_id=1, when_created=created(1), **full_answers(3)
    )
    add(
        database,
        "phq9",
        key=2,
        group=own,
        patient_id=2,
        when_created=created(2),
        _era="2026-06-01T00:00:00Z",
    )
    add(database, "bmi", key=1, group=own, patient_id=2, when_created=created(3))
    add(database, "apeqpt", key=1, group=own, when_created=created(4))
    add(
        database,
        "phq9",
        key=3,
        group=other,
        patient_id=3,
        when_created=created(5),
        **full_answers(0),
    )
    add(database, "phq9", key=4, group=own, patient_id=1, when_created=created(6), _current=False)
    index(database)
    return Ward(database, own, other)


def test_superuser_sees_all_current_tasks_newest_first(ward: Ward) -> None:
    page = ward.page(add_user(ward.database, "boss", superuser=True))
    assert [row.table_name for row in page.rows] == ["phq9", "apeqpt", "bmi", "phq9", "phq9"]
    assert [row.created_iso for row in page.rows] == [created(day) for day in (5, 4, 3, 2, 1)]
    assert (page.count, page.newer, page.older, page.restricted) == (5, None, None, False)


def test_row_tells_what_a_list_shows(ward: Ward) -> None:
    page = ward.page(add_user(ward.database, "boss", superuser=True))
    row = page.rows[-1]
    assert (row.short_name, row.is_live, row.is_anonymous) == ("PHQ-9", True, False)
    assert (row.is_complete, row.is_valid, row.has_alert) == (True, True, True)
    assert row.created_utc == utc(2026, 5, 1, 9)
    assert row.patient is not None
    assert (row.patient.surname, row.patient.forename, row.patient.sex, row.patient.dob) == (
        "O'Brien",
        "Zoe",
        "F",
        dt.date(1980, 2, 29),
    )
    assert [(n.short_description, n.value, n.valid) for n in row.patient.idnums] == [
        ("NHS", NHS, True),
        ("Study", 7, True),
    ]
    anonymous, other = page.rows[1], page.rows[3]
    assert anonymous.is_anonymous
    assert anonymous.patient is None
    assert not other.is_complete
    assert other.patient is None  # its patient is in another era
    bmi = page.rows[2].patient
    assert bmi is not None
    assert [(n.value, n.valid) for n in bmi.idnums] == [(123, False)]


def test_few_statements_and_no_instruments_table(ward: Ward) -> None:
    user = add_user(ward.database, "ann", {ward.own: BROWSE})
    instruments = set(ward.database.library.client_tables())
    with count_statements(ward.database) as seen:
        ward.page(user, TaskFilter(surname="o'brien", idnums=((1, NHS),)))
        few = len(seen)
        ward.page(user)
    assert few <= 8
    words = set(re.findall(r"\w+", " ".join(seen)))
    assert not (words & instruments) - {"patient", "patient_idnum"}
    assert "theblob" not in words


def test_members_see_their_groups_and_those_these_can_see(ward: Ward) -> None:
    ann = add_user(ward.database, "ann", {ward.own: BROWSE})
    assert len(ward.page(ann).rows) == 4
    bob = add_user(ward.database, "bob", {ward.other: BROWSE})
    assert len(ward.page(bob).rows) == 1
    ward.database.write(lambda conn: let_see(conn, ward.other, [ward.own]))
    page = ward.page(bob)
    # At second hand: anonymous tasks, but no browsing through patients.
    assert [row.table_name for row in page.rows] == ["phq9", "apeqpt"]
    assert page.restricted
    assert len(ward.page(bob, TaskFilter(surname="Smith")).rows) == 2


def test_users_without_groups_see_nothing(ward: Ward) -> None:
    loner = add_user(ward.database, "loner")
    assert ward.page(loner) == Page((), None, None, 0, restricted=False)
    assert ward.page(loner, TaskFilter(surname="Smith")).rows == ()


def test_without_browsing_patients_must_be_named(ward: Ward) -> None:
    ann = add_user(ward.database, "ann", {ward.own: set()})
    unnamed = ward.page(ann)
    assert [row.table_name for row in unnamed.rows] == ["apeqpt"]
    assert unnamed.restricted
    assert unnamed.count == 1
    assert ward.page(ann, TaskFilter(sex="F")).rows == ()
    assert ward.page(ann, TaskFilter(sex="F")).restricted
    named = ward.page(ann, TaskFilter(surname="Smith"))
    assert [row.table_name for row in named.rows] == ["bmi"]
    assert not named.restricted


def test_a_filter_never_widens_what_is_seen(ward: Ward) -> None:
    ann = add_user(ward.database, "ann", {ward.own: BROWSE})
    assert ward.page(ann, TaskFilter(group_ids=frozenset({ward.other}))).rows == ()
    assert ward.page(ann, TaskFilter(forename="Jo")).rows == ()


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        (TaskFilter(surname="o'BRIEN"), [1]),
        (TaskFilter(surname="O'Brie"), []),
        (TaskFilter(surname="\u0301"), []),
        (TaskFilter(surname="Smith", sex="F"), [5]),
        (TaskFilter(forename="AL"), [3]),
        (TaskFilter(surname="Smith", forename="al"), [3]),
        (TaskFilter(dob=dt.date(1980, 2, 29)), [1]),
        (TaskFilter(sex="M"), [3]),
        (TaskFilter(idnums=((1, NHS),)), [1]),
        (TaskFilter(idnums=((2, NHS),)), []),
        (TaskFilter(idnums=((2, 7), (1, 123))), [3, 1]),
        (TaskFilter(tables=frozenset({"bmi", "apeqpt"})), [4, 3]),
        (TaskFilter(complete_only=True), [5, 1]),
        (TaskFilter(created_from=utc(2026, 5, 3, 9)), [5, 4, 3]),
        (TaskFilter(created_until=dt.datetime(2026, 5, 3, 9, tzinfo=dt.UTC)), [2, 1]),
        (
            TaskFilter(
                created_from=dt.datetime.fromisoformat("2026-05-03T10:00+01:00"),
                created_until=dt.datetime.fromisoformat("2026-05-03T10:00:01+01:00"),
            ),
            [3],
        ),
        (
            TaskFilter(created_from=utc(2026, 5, 5), created_until=utc(2026, 5, 1)),
            [],
        ),
        (TaskFilter(device_ids=frozenset({1})), [5, 4, 3, 2, 1]),
        (TaskFilter(user_ids=frozenset({1})), []),
        (TaskFilter(surname="x' OR '1'='1"), []),
    ],
)
def test_filters(ward: Ward, asked: TaskFilter, days: list[int]) -> None:
    page = ward.page(add_user(ward.database, "boss", superuser=True), asked)
    assert [row.created_utc.day for row in page.rows] == days
    assert page.count == len(days)


@pytest.mark.parametrize("asked", ["ÉTIENNE-ŁUŻNY", "étienne-łużny", "Etienne-Łuzny"])
def test_capitals_and_accents_do_not_matter_in_any_alphabet(database: Database, asked: str) -> None:
    group = add_group(database, "ward")
    add(database, "patient", group=group, surname="Étienne-Łużny")
    add(database, "phq9", group=group, patient_id=1)
    index(database)
    boss = add_user(database, "boss", superuser=True)
    page = database.read(lambda conn: list_tasks(conn, database, boss, TaskFilter(surname=asked)))
    assert len(page.rows) == 1


@pytest.fixture
def many(database: Database) -> tuple[Database, User, int]:
    """Thirteen tasks of which several were created in the same second."""
    group = add_group(database, "ward")
    for key in range(1, 14):
        moment = f"2026-05-01T10:00:{key // 4:02}.{key:06}+00:00"
        add(database, "apeqpt", key=key, group=group, when_created=moment)
    index(database)
    return database, add_user(database, "boss", superuser=True), group


def page_of(database: Database, user: User, **how: Any) -> Page:
    return database.read(
        lambda conn: list_tasks(conn, database, user, TaskFilter(), limit=5, **how)
    )


def keys(page: Page) -> list[int]:
    return [row.key.entry_pk for row in page.rows]


def test_pages_meet_without_gap_or_overlap_both_ways(many: tuple[Database, User, int]) -> None:
    database, user, _ = many
    first = page_of(database, user)
    assert (len(first.rows), first.newer, first.count) == (5, None, 13)
    second = page_of(database, user, older_than=first.older)
    third = page_of(database, user, older_than=second.older)
    assert (len(third.rows), third.older) == (3, None)
    down = [*keys(first), *keys(second), *keys(third)]
    assert down == sorted(down, reverse=True)
    assert len(set(down)) == 13
    assert keys(page_of(database, user, newer_than=third.newer)) == keys(second)
    back = page_of(database, user, newer_than=second.newer)
    assert keys(back) == keys(first)
    assert back.newer is None
    assert back.older == first.older


def test_new_arrivals_shift_nothing(many: tuple[Database, User, int]) -> None:
    database, user, group = many
    first = page_of(database, user)
    before = keys(page_of(database, user, older_than=first.older))
    database.write(
        lambda conn: conn.execute(
            task_index.insert().values(
                indexed_at_utc=utc(2026, 6, 1),
                task_table_name="apeqpt",
                task_pk=99,
                device_id=1,
                era="NOW",
                when_created_utc=utc(2026, 6, 1),
                when_created_iso="2026-06-01T00:00:00.000000+00:00",
                when_added_batch_utc=utc(2026, 6, 1),
                group_id=group,
                task_is_complete=False,
            )
        )
    )
    second = page_of(database, user, older_than=first.older)
    assert keys(second) == before
    newer = page_of(database, user, newer_than=second.newer)
    assert keys(newer) == keys(first)
    assert newer.newer is not None
    top = page_of(database, user, newer_than=newer.newer)
    assert len(top.rows) == 5  # not one lonely row, but the first page
    assert top.newer is None


def test_keys_can_be_written_in_addresses() -> None:
    key = PageKey(utc(2026, 5, 1, 23), 1234)
    assert PageKey.parse(str(key)) == key
    for text in ("", "x", "20260501T000000", "20260501T000000-", "20260501T000000-٣", "1-1"):
        with pytest.raises(ValueError):
            PageKey.parse(text)


def test_what_a_form_may_offer(ward: Ward) -> None:
    ann = add_user(ward.database, "ann", {ward.own: set()})
    with count_statements(ward.database) as seen:
        offered = ward.database.read(lambda conn: filter_choices(conn, ward.database, ann))
    assert len(seen) == 3
    assert offered.groups == {ward.own: "ward"}
    assert list(offered.instruments) == ["apeqpt", "bmi", "phq9"]
    boss = add_user(ward.database, "boss", superuser=True)
    offered = ward.database.read(lambda conn: filter_choices(conn, ward.database, boss))
    assert set(offered.groups.values()) == {"ward", "clinic"}
