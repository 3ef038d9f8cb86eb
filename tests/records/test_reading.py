# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading one task with all that belongs to it, in any version."""

import datetime as dt
from typing import Any

import pytest

from camcops.accounts.groups import let_see
from camcops.accounts.permissions import EVERY, Groups
from camcops.db.database import Database
from camcops.db.schema import special_notes, task_scores
from camcops.records.access import may_see_group, reach_of
from camcops.records.reading import StoredTask, load_task
from tests.records.stored import (
    DEVICE,
    add,
    add_group,
    add_patient,
    add_user,
    batch,
    define_idnums,
    index,
    picture_task,
)
from tests.statements import count_statements

SIX = {f"q{n}": 0 for n in range(1, 11)}


@pytest.fixture
def group(database: Database) -> int:
    return add_group(database, "ward")


def load(database: Database, table: str, pk: int, visible: Groups = EVERY) -> StoredTask | None:
    return database.read(lambda conn: load_task(conn, database, table, pk, visible=visible))


def loaded(database: Database, table: str, pk: int) -> StoredTask:
    task = load(database, table, pk)
    assert task is not None
    return task


def test_task_comes_with_all_that_belongs_to_it(database: Database, group: int) -> None:
    define_idnums(database)
    ann = add_user(database, "ann")
    pk = picture_task(database, group)
    table = database.tables["photosequence"].table
    adding = table.update().where(table.c._pk == pk).values(_adding_user_id=ann.id)
    database.write(lambda conn: conn.execute(adding))
    numbers = {"group": group, "patient_id": 1}
    add(database, "patient_idnum", key=5, which_idnum=2, idnum_value=None, **numbers)
    add(database, "patient_idnum", key=6, which_idnum=1, idnum_value=9434765918, **numbers)
    add(database, "patient_idnum", key=7, which_idnum=9, idnum_value=4, **numbers)

    with count_statements(database) as seen:
        task = loaded(database, "photosequence", pk)
    assert len(seen) <= 12
    assert not any("SELECT blobs.theblob" in text for text in seen)

    assert task.instrument.table == "photosequence"
    assert set(task.row) == {column.name for column in table.columns}
    assert (task.row["_pk"], task.row["sequence_description"]) == (pk, "two")
    assert [row["description"] for row in task.rows["photosequence_photos"]] == [
        "picture 1",
        "picture 2",
    ]
    assert task.patient is not None
    assert (task.patient.row["surname"], task.patient.row["dob"]) == (
        "O'Brien",
        dt.date(1980, 2, 29),
    )
    assert [(n.which, n.description, n.value, n.valid) for n in task.patient.idnums] == [
        (1, "NHS number", 9434765918, False),
        (2, "Study number", None, True),
        (9, "ID number of type 9", 4, True),
    ]
    assert (task.device.id, task.device.name) == (DEVICE, "server")
    assert (task.group.id, task.group.name) == (group, "ward")
    assert (task.adding_user, task.removing_user) == ("ann", None)
    assert {number: (info.rotation, info.size) for number, info in task.blobs.items()} == {
        31: (90, 8),
        32: (0, 6),
    }
    assert task.results is not None
    assert task.results.is_complete


def test_number_of_statements_does_not_grow_with_rows(
    sqlite_database: Database,
) -> None:
    group = add_group(sqlite_database, "ward")
    pk = picture_task(sqlite_database, group)
    with count_statements(sqlite_database) as few:
        loaded(sqlite_database, "photosequence", pk)
    for key in range(100, 120):
        add(
            sqlite_database,
            "photosequence_photos",
            key=key,
            group=group,
            photosequence_id=1,
            seqnum=key,
            photo_blobid=31,
        )
    with count_statements(sqlite_database) as many:
        assert len(loaded(sqlite_database, "photosequence", pk).rows["photosequence_photos"]) == 22
    assert len(many) == len(few)


def test_rows_of_other_tasks_devices_and_eras_stay_out(
    sqlite_database: Database,
) -> None:
    group = add_group(sqlite_database, "ward")
    pk = picture_task(sqlite_database, group)
    child = {"seqnum": 7, "photo_blobid": None, "group": group}
    era = "2026-05-01T00:00:00Z"
    add(sqlite_database, "photosequence_photos", key=51, photosequence_id=2, **child)
    add(sqlite_database, "photosequence_photos", key=52, photosequence_id=1, _era=era, **child)
    add(sqlite_database, "photosequence_photos", key=53, photosequence_id=1, _device_id=2, **child)
    add(
        sqlite_database,
        "photosequence_photos",
        key=54,
        photosequence_id=1,
        _current=False,
        _addition_pending=True,
        **child,
    )
    assert len(loaded(sqlite_database, "photosequence", pk).rows["photosequence_photos"]) == 2


def test_another_groups_task_is_like_none_at_all(database: Database, group: int) -> None:
    add_patient(database, group)
    pk = add(database, "phq9", group=group, patient_id=1)
    other = add_group(database, "clinic")
    assert load(database, "phq9", pk, frozenset({group})) is not None
    assert load(database, "phq9", pk, frozenset({other})) is None
    assert load(database, "phq9", pk, frozenset()) is None
    assert load(database, "phq9", pk + 1) is None
    ann = add_user(database, "ann", {other: set()})
    assert not may_see_group(database.read(lambda conn: reach_of(conn, ann)), group)
    database.write(lambda conn: let_see(conn, other, [group]))
    reach = database.read(lambda conn: reach_of(conn, ann))
    assert may_see_group(reach, group)
    assert load(database, "phq9", pk, reach.visible) is not None


@pytest.mark.parametrize(
    "table", ["patient", "blobs", "photosequence_photos", "_security_users", "no_such", ""]
)
def test_only_tables_of_tasks_hold_tasks(sqlite_database: Database, table: str) -> None:
    assert load(sqlite_database, table, 1) is None


def test_task_of_an_unfinished_upload_is_not_there(sqlite_database: Database) -> None:
    group = add_group(sqlite_database, "ward")
    pk = add(
        sqlite_database,
        "phq9",
        group=group,
        patient_id=1,
        _current=False,
        _addition_pending=True,
    )
    assert load(sqlite_database, "phq9", pk) is None


def test_anonymous_task_and_missing_patient(database: Database, group: int) -> None:
    anonymous = loaded(database, "apeqpt", add(database, "apeqpt", group=group))
    assert anonymous.patient is None
    orphan = loaded(database, "phq9", add(database, "phq9", group=group, patient_id=44))
    assert orphan.patient is None


def test_each_version_goes_with_the_companions_of_its_time(database: Database, group: int) -> None:
    removed = {"_current": False, "_when_removed_batch_utc": batch(2)}
    second = {"_when_added_batch_utc": batch(2), "group": group}
    add_patient(database, group, surname="Before", **removed)
    add_patient(database, surname="After", **second)
    number = {"which_idnum": 2, "patient_id": 1}
    add(database, "patient_idnum", group=group, idnum_value=1, **number, **removed)
    add(database, "patient_idnum", idnum_value=2, **number, **second)
    child = {"photosequence_id": 1, "photo_blobid": 31}
    about = {"tablename": "photosequence_photos", "tablepk": 1, "fieldname": "photo_blobid"}
    old_blob = add(database, "blobs", key=31, group=group, theblob=b"old", **about, **removed)
    new_blob = add(database, "blobs", key=31, theblob=b"newer", **about, **second)
    add(
        database,
        "photosequence_photos",
        key=1,
        group=group,
        seqnum=1,
        description="old",
        **child,
        **removed,
    )
    add(database, "photosequence_photos", key=1, seqnum=1, description="new", **child, **second)
    add(
        database,
        "photosequence_photos",
        key=2,
        group=group,
        seqnum=2,
        description="gone",
        **child,
        **removed,
    )
    add(database, "photosequence_photos", key=3, group=group, seqnum=3, description="kept", **child)
    add(database, "photosequence_photos", key=4, seqnum=4, description="late", **child, **second)
    old = add(database, "photosequence", group=group, patient_id=1, **removed)
    new = add(database, "photosequence", patient_id=1, **second)

    def seen(pk: int) -> tuple[str, list[int | None], list[str], int]:
        task = loaded(database, "photosequence", pk)
        assert task.patient is not None
        return (
            task.patient.row["surname"],
            [number.value for number in task.patient.idnums],
            [row["description"] for row in task.rows["photosequence_photos"]],
            task.blobs[31].pk,
        )

    assert seen(old) == ("Before", [1], ["old", "gone", "kept"], old_blob)
    assert seen(new) == ("After", [2], ["new", "kept", "late"], new_blob)


def test_deleted_task_keeps_what_was_deleted_with_it(sqlite_database: Database) -> None:
    group = add_group(sqlite_database, "ward")
    gone = {"group": group, "_current": False, "_when_removed_batch_utc": batch(3)}
    add(sqlite_database, "patient", surname="Gone", **gone)
    add(sqlite_database, "photosequence_photos", photosequence_id=1, seqnum=1, **gone)
    pk = add(sqlite_database, "photosequence", patient_id=1, **gone)
    task = loaded(sqlite_database, "photosequence", pk)
    assert len(task.rows["photosequence_photos"]) == 1
    assert task.patient is not None
    assert task.patient.row["surname"] == "Gone"


def test_version_without_known_end_goes_with_the_newest(sqlite_database: Database) -> None:
    group = add_group(sqlite_database, "ward")
    add_patient(sqlite_database, group, surname="Before", _current=False)
    add_patient(sqlite_database, group, surname="After")
    pk = add(sqlite_database, "phq9", group=group, patient_id=1, _current=False)
    task = loaded(sqlite_database, "phq9", pk)
    assert task.patient is not None
    assert task.patient.row["surname"] == "After"


def test_notes_go_with_the_task_and_its_patient_except_hidden_ones(
    database: Database, group: int
) -> None:
    ann = add_user(database, "ann")
    add_patient(database, group)
    pk = add(database, "phq9", key=4, group=group, patient_id=1)
    note = {"device_id": DEVICE, "era": "NOW", "hidden": False, "user_id": ann.id}
    note["note_at"] = "2026-05-01T10:00:00.000000+01:00"
    rows = [
        {**note, "basetable": "phq9", "task_id": 4, "note": "first"},
        {**note, "basetable": "phq9", "task_id": 4, "note": "hidden", "hidden": True},
        {**note, "basetable": "phq9", "task_id": 5, "note": "another task's"},
        {**note, "basetable": "bmi", "task_id": 4, "note": "another instrument's"},
        {**note, "basetable": "phq9", "task_id": 4, "note": "another era's", "era": "x"},
        {**note, "basetable": "patient", "task_id": 1, "note": "patient's", "user_id": None},
        {**note, "basetable": "patient", "task_id": 4, "note": "another patient's"},
    ]
    database.write(lambda conn: conn.execute(special_notes.insert(), rows))
    found = loaded(database, "phq9", pk).special_notes
    assert [(each.note, each.username, each.about_patient) for each in found] == [
        ("first", "ann", False),
        ("patient's", "", True),
    ]
    assert found[0].note_at == note["note_at"]


def test_stored_results_are_used_while_the_rules_are_the_same(
    database: Database, group: int
) -> None:
    add_patient(database, group)
    pk = add(database, "phq9", group=group, patient_id=1, **SIX)
    index(database)
    fresh = loaded(database, "phq9", pk).results
    assert fresh is not None
    assert fresh.scores["total"] == 0

    def tamper(**values: Any) -> None:
        database.write(lambda conn: conn.execute(task_scores.update().values(**values)))

    table = database.tables["phq9"].table
    database.write(lambda conn: conn.execute(table.update().values(q1=3)))
    assert loaded(database, "phq9", pk).results == fresh
    tamper(rules_hash="0" * 64)
    renewed = loaded(database, "phq9", pk).results
    assert renewed is not None
    assert renewed.scores["total"] == 3
