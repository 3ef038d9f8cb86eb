# SPDX-License-Identifier: GPL-3.0-or-later
"""What CamCOPS 2.4 leaves wrong is put right, reported, and not touched again."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import adoption_repairs, devices, dirty_tables, special_notes, task_index
from camcops.db.state import require_current
from camcops.db.upgrade import upgrade
from camcops.problems import Problem
from camcops.records.adoption.adopting import Adoption, is_final, rehearse
from camcops.records.adoption.colliding_eras import boundaries
from camcops.records.adoption.left_behind import Era, Life, complete
from camcops.records.adoption.survey import Survey
from camcops.records.index_check import faults

T0 = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC).replace(tzinfo=None)
IDLE, UPLOADING = 2, 3


def at(minutes: float) -> dt.datetime:
    return T0 + dt.timedelta(minutes=minutes)


def exact(instant: dt.datetime) -> str:
    return instant.isoformat(timespec="microseconds") + "+00:00"


def era(minutes: float) -> str:
    return at(minutes).strftime("%Y-%m-%dT%H:%M:%SZ")


def row(key: int, added: float, removed: float | None = None, **more: Any) -> dict[str, Any]:
    """A PHQ-9 of the idle device in era NOW, current unless removed."""
    return {
        "id": key,
        "patient_id": 1,
        "when_created": exact(T0),
        "_device_id": IDLE,
        "_era": "NOW",
        "_current": removed is None,
        "_group_id": 1,
        "_adding_user_id": 1,
        "_when_added_exact": exact(at(added)),
        "_when_added_batch_utc": at(added),
        "_when_removed_batch_utc": None if removed is None else at(removed),
        "_addition_pending": False,
        "_removal_pending": False,
        "_move_off_tablet": False,
        **more,
    }


def store(database: Database, table: str, *rows: Mapping[str, Any]) -> list[int]:
    target = database.tables[table].table

    def insert(conn: sa.Connection) -> list[int]:
        made = [conn.execute(target.insert().values(one)) for one in rows]
        return [one.inserted_primary_key[0] for one in made if one.inserted_primary_key]

    return database.write(insert)


@pytest.fixture
def damaged(left_by_upstream: Database) -> Database:
    """Two devices: one is idle, one has an upload open that will never be finished."""

    def add(conn: sa.Connection) -> None:
        for number, ongoing in ((IDLE, None), (UPLOADING, T0)):
            conn.execute(
                devices.insert().values(
                    id=number,
                    name=f"device-{number}",
                    registered_by_user_id=1,
                    ongoing_upload_batch_utc=ongoing,
                )
            )
        conn.execute(sa.text("INSERT INTO _security_groups (id, name) VALUES (1, 'clinic')"))

    left_by_upstream.write(add)
    return left_by_upstream


def adopt(database: Database, *, final: bool = False) -> list[tuple[str, str, int | None]]:
    """Adopt; kind, table and server key of each repair."""
    adoption = Adoption(lambda sentence: None, final=final)
    upgrade(str(database.engine.url), database.library, adopter=adoption)
    columns = adoption_repairs.c
    query = sa.select(columns.kind, columns.table_name, columns.server_pk).order_by(columns.id)
    return [tuple(found) for found in database.read(lambda conn: conn.execute(query).all())]


def by_pk(database: Database, table: str) -> dict[int, Mapping[str, Any]]:
    query = sa.select(database.tables[table].table)
    rows = database.read(lambda conn: conn.execute(query).mappings().all())
    return {one["_pk"]: dict(one) for one in rows}


def dirty(database: Database) -> set[tuple[int, str]]:
    query = sa.select(dirty_tables.c.device_id, dirty_tables.c.tablename)
    return {tuple(one) for one in database.read(lambda conn: conn.execute(query).all())}


def test_two_current_versions(damaged: Database) -> None:
    first, second, third = store(
        damaged, "phq9", row(1, 1), row(1, 1, _removal_pending=False), row(1, 2, q1=3)
    )
    (other,) = store(damaged, "phq9", row(2, 1))
    repairs = adopt(damaged)
    assert [pk for kind, _, pk in repairs if kind == "two_current"] == [first, second, third]
    rows = by_pk(damaged, "phq9")
    assert [rows[pk]["_current"] for pk in (first, second, third, other)] == [0, 0, 1, 1]
    assert [rows[pk]["_successor_pk"] for pk in (first, second, third)] == [second, third, None]
    assert [rows[pk]["_predecessor_pk"] for pk in (first, second, third)] == [None, first, second]
    assert rows[second]["_when_removed_batch_utc"] == at(2)
    assert rows[second]["_when_removed_exact"] == exact(at(2))
    assert rows[third]["q1"] == 3
    assert damaged.read(lambda conn: list(faults(conn, damaged))) == []
    assert adopt(damaged, final=True) == repairs
    with pytest.raises(sa.exc.IntegrityError):
        store(damaged, "phq9", row(1, 3))


def test_records_of_one_era_are_told_apart(damaged: Database) -> None:
    """Keys used again after finalizing, in the same second: two records, with their own patients."""
    closed: dict[str, Any] = {"_era": era(5)}
    patients = store(
        damaged,
        "patient",
        *(_person(name, added, **closed) for name, added in (("A", 1), ("B", 5))),
    )
    tasks = store(damaged, "phq9", *(row(1, added, **closed) for added in (1, 5)))
    (alone,) = store(damaged, "phq9", row(7, 5, **closed))
    note = {"basetable": "phq9", "device_id": IDLE, "era": era(5), "user_id": 1, "hidden": False}
    damaged.write(
        lambda conn: conn.execute(
            special_notes.insert(),
            [{**note, "task_id": key, "note": f"on {key}"} for key in (1, 7)],
        )
    )
    repairs = adopt(damaged)
    assert {kind for kind, _, _ in repairs} <= {"same_era", "index"}
    after = dt.timedelta(seconds=1)
    later = (at(5) + after).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows, people = by_pk(damaged, "phq9"), by_pk(damaged, "patient")
    assert [rows[pk]["_era"] for pk in (*tasks, alone)] == [era(5), later, later]
    assert [people[pk]["_era"] for pk in patients] == [era(5), later]
    assert all(one["_current"] for one in (*rows.values(), *people.values()))
    query = sa.select(special_notes.c.task_id, special_notes.c.era)
    notes = damaged.read(lambda conn: conn.execute(query).all())
    assert {tuple(one) for one in notes} == {(1, era(5)), (1, later), (7, later)}
    assert adopt(damaged) == repairs


def _person(
    surname: str, added: float, removed: float | None = None, **more: Any
) -> dict[str, Any]:
    made = row(1, added, removed, surname=surname, sex="F", **more)
    del made["patient_id"], made["when_created"]
    return made


def test_what_abandoned_uploads_left(damaged: Database) -> None:
    pending = {"_current": False, "_addition_pending": True, "_when_added_batch_utc": None}
    (added,) = store(damaged, "phq9", row(1, 1, **pending))
    (going,) = store(damaged, "gad7", row(1, 1, _removal_pending=True, _successor_pk=9))
    (marked,) = store(damaged, "bmi", row(1, 1, _move_off_tablet=True))
    (open_mark,) = store(damaged, "bmi", row(1, 1, _move_off_tablet=True, _device_id=UPLOADING))
    (known,) = store(damaged, "cage", row(1, 1, _move_off_tablet=True))
    damaged.write(
        lambda conn: conn.execute(dirty_tables.insert().values(device_id=IDLE, tablename="cage"))
    )
    before = {name: by_pk(damaged, name) for name in ("phq9", "gad7", "cage")}
    repairs = adopt(damaged)
    assert dirty(damaged) == {
        (IDLE, "cage"),
        (IDLE, "phq9"),
        (IDLE, "gad7"),
        (UPLOADING, "bmi"),
    }
    found = {(kind, table, pk) for kind, table, pk in repairs if kind != "index"}
    assert found == {
        ("abandoned_upload", "phq9", None),
        ("abandoned_upload", "gad7", None),
        ("mark_in_upload", "bmi", None),
        ("stale_mark", "bmi", marked),
    }
    # Nothing is deleted: the device's next upload rolls back what is in dirty tables.
    assert {name: by_pk(damaged, name) for name in before} == before
    assert {added, going, known} == {1}
    marks = {pk: one["_move_off_tablet"] for pk, one in by_pk(damaged, "bmi").items()}
    assert marks == {marked: False, open_mark: True}
    assert adopt(damaged) == repairs


def test_old_versions_left_behind(damaged: Database) -> None:
    """A Move at minute 10 took all but a table in which only old rows were left."""
    store(damaged, "phq9", row(1, 1, _era=era(10), _preserving_user_id=1))
    stuck, later = store(damaged, "gad7", row(1, 1, removed=5), row(1, 11, removed=12))
    note = {"basetable": "gad7", "device_id": IDLE, "era": "NOW", "user_id": 1, "hidden": False}
    store(damaged, "bmi", row(4, 1, removed=5))
    damaged.write(
        lambda conn: conn.execute(
            special_notes.insert(), {**note, "basetable": "bmi", "task_id": 4, "note": "on 4"}
        )
    )
    repairs = adopt(damaged)
    rows = by_pk(damaged, "gad7")
    assert (rows[stuck]["_era"], rows[stuck]["_preserving_user_id"]) == (era(10), 1)
    assert rows[later]["_era"] == "NOW"
    notes = damaged.read(lambda conn: conn.scalars(sa.select(special_notes.c.era)).all())
    assert notes == [era(10)]
    assert [(kind, table) for kind, table, _ in repairs if kind != "index"] == [
        ("left_behind", "bmi"),
        ("left_behind", "gad7"),
        ("note_left_behind", "_special_notes"),
    ]
    assert adopt(damaged) == repairs


def test_old_versions_of_what_is_still_on_the_tablet_stay(damaged: Database) -> None:
    """At minute 10 only one record was finalized; the device goes on with the others."""
    store(damaged, "phq9", row(1, 1, _era=era(10)), row(2, 1))
    store(damaged, "gad7", row(1, 1, removed=5))
    assert [one for one in adopt(damaged) if one[0] != "index"] == []
    assert {one["_era"] for one in by_pk(damaged, "gad7").values()} == {"NOW"}


def test_notes_follow_their_records(damaged: Database) -> None:
    """Key 1 was finalized twice, key 2 once and is in use again."""
    store(damaged, "phq9", *(row(1, 1, _era=era(minutes)) for minutes in (10, 20)))
    store(damaged, "phq9", row(2, 1, _era=era(10)), row(2, 11))
    note = {"basetable": "phq9", "device_id": IDLE, "era": "NOW", "user_id": 1, "hidden": False}
    written = ((1, 5), (1, 15), (1, 25), (2, 5), (99, 5))
    notes = [
        {**note, "task_id": key, "note_at": exact(at(minutes)), "note": "note"}
        for key, minutes in written
    ]
    damaged.write(lambda conn: conn.execute(special_notes.insert(), notes))
    repairs = adopt(damaged)
    query = sa.select(special_notes.c.era).order_by(special_notes.c.note_id)
    eras = damaged.read(lambda conn: conn.scalars(query).all())
    assert eras == [era(10), era(20), era(20), "NOW", "NOW"]
    assert [kind for kind, _, _ in repairs if kind != "index"] == ["note_left_behind"] * 3
    assert adopt(damaged) == repairs


def test_complete_eras() -> None:
    eras = [Era(at(minutes), era(minutes), None) for minutes in (10, 20, 30)]
    first, second, third = eras
    lives = [
        Life(at(1), None, first),  # in time for the first
        Life(at(2), at(9), second),  # removed before the first
        Life(at(15), at(25), third),  # alive at the second, and not taken
        Life(at(30), None, third),
        Life(None, None, None),  # pending: never was
    ]
    assert complete(lives) == [first, third]
    assert complete([*lives, Life(at(3), None, None)]) == []


def test_fewest_boundaries() -> None:
    def double(*minutes: float, where: str = era(9)) -> list[dict[str, Any]]:
        return [row(1, one, _era=where) for one in minutes]

    key = (IDLE, era(9))
    assert boundaries([double(1, 5), double(2, 4), double(3, 9)]) == {key: [at(4)]}
    assert boundaries([double(1, 3), double(3, 6)]) == {key: [at(3), at(6)]}
    assert boundaries([double(2, 2), double(1, 5, where="NOW")]) == {}


def test_indexes_that_fell_behind_are_counted(damaged: Database) -> None:
    """A patient edited without the tasks; a task indexed as complete that isn't, in an era of its own."""
    old, _new = store(damaged, "patient", _person("A", 1, 2), _person("B", 2))
    live, closed = store(damaged, "phq9", row(1, 1), row(2, 1, _era=era(5)))
    entry = {
        "indexed_at_utc": T0,
        "task_table_name": "phq9",
        "device_id": IDLE,
        "when_created_utc": T0,
        "when_created_iso": exact(T0),
        "when_added_batch_utc": T0,
        "group_id": 1,
    }
    entries = (
        {"task_pk": live, "patient_pk": old, "era": "NOW", "task_is_complete": False},
        {"task_pk": closed, "patient_pk": None, "era": era(5), "task_is_complete": True},
    )
    damaged.write(
        lambda conn: conn.execute(task_index.insert(), [{**entry, **more} for more in entries])
    )
    assert "phq9: 1 × indexed under an earlier version of the patient" in "\n".join(
        rehearse(damaged)
    )
    repairs = adopt(damaged)
    assert repairs == [
        ("stale_patient", "phq9", live),
        ("index", "indexes", None),
        ("stale_completeness", "phq9", closed),
    ]
    assert damaged.read(lambda conn: list(faults(conn, damaged))) == []
    assert adopt(damaged) == repairs


def test_rehearsal_and_end(damaged: Database) -> None:
    store(damaged, "bmi", row(1, 1, _move_off_tablet=True))
    with pytest.raises(Problem, match="upgrade_db"):
        require_current(damaged)
    told = "\n".join(rehearse(damaged))
    assert "7 tables with 1 rows" in told
    assert "bmi: 1 × marked for finalizing" in told
    assert by_pk(damaged, "bmi")[1]["_move_off_tablet"] == 1
    with pytest.raises(Problem, match="upgrade_db"):
        upgrade(str(damaged.engine.url), damaged.library)
    adopt(damaged)
    require_current(damaged)
    assert damaged.read(is_final) is False
    adopt(damaged, final=True)
    assert damaged.read(is_final) is True
    store(damaged, "gad7", row(1, 1, _move_off_tablet=True))
    assert [kind for kind, _, _ in adopt(damaged)] == ["stale_mark", "index"]
    assert rehearse(damaged) == ["This database is not one to be taken over from CamCOPS 2.4."]


def test_nothing_to_finish(sqlite_database: Database) -> None:
    with pytest.raises(Problem, match="nothing to finish"):
        sqlite_database.read(is_final)


def test_two_current_rows_are_forbidden_at_the_end(damaged: Database) -> None:
    """CamCOPS 2.4 makes the new version current before the old one is no longer."""
    adopt(damaged)
    store(damaged, "bmi", row(7, 1), row(7, 1))
    adopt(damaged, final=True)
    assert [one["_current"] for one in by_pk(damaged, "bmi").values()] == [False, True]
    with pytest.raises(sa.exc.IntegrityError):
        store(damaged, "bmi", row(7, 1))


@pytest.mark.parametrize(
    ("tasks", "size", "adopting", "finishing"),
    [
        (10, 10**6, "less than a minute", "less than a minute"),
        (100_000, 10**10, "about a minute", "some 5 minutes"),
        (1_000_000, 10**11, "some 9 minutes", "some 43 minutes"),
        (10_000_000, 10**11, "some 2 hours", "some 2 hours"),
    ],
)
def test_how_long_it_takes(tasks: int, size: int, adopting: str, finishing: str) -> None:
    """Only finishing copies the tables, so only its time depends on their size."""
    found = Survey(tables=152, rows=tasks, tasks=tasks, size=size, largest=size)
    assert (found.adopting, found.finishing) == (adopting, finishing)
