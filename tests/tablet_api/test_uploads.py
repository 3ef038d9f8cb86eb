# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads in both forms, and what is in the database afterwards."""

from typing import Any

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import dirty_tables, idnum_index, outbox, task_index, task_scores
from tests.tablet import WsgiTablet
from tests.tablet_api.contents import T1, blob, everything, number, person, phq9, picture

BOTH_FORMS = pytest.mark.parametrize("one_step", [True, False], ids=["one-step", "multi-step"])


def rows(database: Database, name: str, *, current: bool = True) -> list[dict[str, Any]]:
    """All of a table's rows from tablets, or the current ones, by key and version."""
    table = database.tables[name].table
    query = sa.select(table).where(table.c._device_id != 1).order_by(table.c.id, table.c._pk)
    if current:
        query = query.where(table.c._current)
    return [dict(row) for row in database.read(lambda conn: conn.execute(query).mappings().all())]


def count(database: Database, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return database.read(lambda conn: conn.scalar(query)) or 0


@BOTH_FORMS
def test_what_is_uploaded_is_there(device: WsgiTablet, database: Database, one_step: bool) -> None:
    device.upload(everything(), finish=False, one_step=one_step)
    [patient] = rows(database, "patient")
    assert patient["surname"] == "O'Brien"
    assert patient["address"] == "1 High St\nTown, \\slash"
    assert patient["when_last_modified"] == "2026-05-01T10:00:00.123000+01:00"
    assert len(patient["uuid"]) == 32
    assert [row["q3"] for row in rows(database, "phq9")] == [3, 3]
    [picture_row] = rows(database, "blobs")
    assert picture_row["theblob"] == b"\x89PNG\x00\x01"
    for name in ("patient", "patient_idnum", "phq9", "photosequence", "blobs"):
        for row in rows(database, name, current=False):
            assert row["_era"] == "NOW"
            assert row["_current"]
            assert not row["_addition_pending"]
            assert row["_adding_user_id"] is not None
            assert row["_when_added_exact"]
            assert row["_when_removed_exact"] is None
            assert row["_predecessor_pk"] is None
    assert count(database, task_index) == 3
    assert count(database, task_scores) == 3
    assert count(database, idnum_index) == 1
    assert count(database, outbox) == 3
    assert count(database, dirty_tables) == 0


@BOTH_FORMS
def test_the_same_again_changes_nothing(
    device: WsgiTablet, database: Database, one_step: bool
) -> None:
    device.upload(everything(), finish=False, one_step=one_step)
    before = {name: rows(database, name, current=False) for name in everything()}
    for again in (True, False):
        device.upload(everything(), finish=False, one_step=again)
    assert {name: rows(database, name, current=False) for name in everything()} == before
    assert count(database, outbox) == 3


@BOTH_FORMS
def test_changes_make_new_versions(device: WsgiTablet, database: Database, one_step: bool) -> None:
    device.upload(everything(), finish=False, one_step=one_step)
    changed = everything(
        patient=[person(modified=T1, surname="Jones")],
        phq9=[phq9(2, modified=T1, q1=0), phq9(3)],
        photosequence_photos=[picture(1), picture(2, blob=2)],
        blobs=[blob(1), blob(2, owner=2)],
    )
    device.upload(changed, finish=False, one_step=one_step)
    old, new = rows(database, "patient", current=False)
    assert (old["_current"], old["_successor_pk"]) == (False, new["_pk"])
    assert new["_predecessor_pk"] == old["_pk"]
    assert old["_removing_user_id"] == new["_adding_user_id"]
    assert old["_when_removed_exact"] == new["_when_added_exact"]
    assert old["uuid"] != new["uuid"]
    gone, older, newer, added = rows(database, "phq9", current=False)
    assert [row["id"] for row in (gone, older, newer, added)] == [1, 2, 2, 3]
    assert (gone["_current"], gone["_successor_pk"]) == (False, None)
    assert older["_successor_pk"] == newer["_pk"]
    assert newer["q1"] == 0
    index = database.read(
        lambda conn: conn.execute(
            sa.select(task_index.c.task_table_name, task_index.c.task_pk, task_index.c.patient_pk)
        ).all()
    )
    [sequence] = rows(database, "photosequence")
    assert sorted(map(tuple, index)) == [
        ("photosequence", sequence["_pk"], new["_pk"]),
        ("phq9", newer["_pk"], new["_pk"]),
        ("phq9", added["_pk"], new["_pk"]),
    ]
    scored = database.read(
        lambda conn: conn.execute(
            sa.select(task_scores.c.task_table_name, task_scores.c.task_pk)
        ).all()
    )
    assert sorted(map(tuple, scored)) == sorted((row[0], row[1]) for row in index)
    [entry] = database.read(lambda conn: conn.execute(sa.select(idnum_index)).all())
    assert entry.patient_pk == new["_pk"]


@BOTH_FORMS
def test_finalizing_closes_everything(
    device: WsgiTablet, database: Database, one_step: bool
) -> None:
    device.upload(everything(), finish=False, one_step=one_step)
    device.upload(everything(phq9=[phq9(2, modified=T1)]), finish=True, one_step=one_step)
    eras = {row["_era"] for name in everything() for row in rows(database, name, current=False)}
    assert len(eras) == 1
    assert eras != {"NOW"}
    indexed = database.read(lambda conn: conn.scalars(sa.select(task_index.c.era)).all())
    assert set(indexed) == eras
    assert len(indexed) == 2
    device.upload(everything(), finish=True, one_step=one_step)
    two = {row["_era"] for row in rows(database, "patient")}
    assert len(two) == 2
    assert len(rows(database, "phq9")) == 3


@BOTH_FORMS
def test_one_patient_can_be_finalized_alone(
    device: WsgiTablet, database: Database, one_step: bool
) -> None:
    held = everything(
        patient=[person(1), person(2)],
        patient_idnum=[number(1), number(2, patient=2, value=1002)],
        phq9=[phq9(1), phq9(2, patient=2)],
    )
    device.upload(held, finish=False, one_step=one_step)
    held["phq9"][1] = phq9(2, patient=2, modified=T1)
    device.upload(held, finish=False, one_step=one_step)
    held["patient"][1] = person(2, move_off=1)
    held["patient_idnum"][1] = number(2, patient=2, value=1002, move_off=1)
    held["phq9"][1] = phq9(2, patient=2, modified=T1, move_off=1)
    device.upload(held, finish=False, one_step=one_step)
    for name in ("patient", "patient_idnum", "phq9"):
        for row in rows(database, name, current=False):
            assert (row["_era"] == "NOW") == (row["id"] == 1), (name, row)
            assert not row["_move_off_tablet"]
    assert len(rows(database, "phq9", current=False)) == 3


def test_an_abandoned_upload_leaves_no_trace(device: WsgiTablet, database: Database) -> None:
    device.upload(everything(), finish=False, one_step=True)
    before = {name: rows(database, name, current=False) for name in everything()}
    device.call("start_upload")
    device.call("start_preservation")
    device.call("upload_empty_tables", tables="patient,patient_idnum,gad7")
    row = "1,0,'2026-06-01T10:00:00.000+00:00','2026-05-01T10:00:00.000+00:00',1,3"
    fields = "id,_move_off_tablet,when_last_modified,when_created,patient_id,q1"
    device.call("upload_table", table="phq9", pkname="id", fields=fields, nrecords="1", record0=row)
    assert {row["q1"] for row in rows(database, "phq9")} == {1}
    device.upload(everything(), finish=False, one_step=True)
    assert {name: rows(database, name, current=False) for name in everything()} == before
