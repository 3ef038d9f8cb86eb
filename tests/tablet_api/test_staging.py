# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch of requests must get right where CamCOPS 2.4 does not."""

from typing import Any

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import audit, devices, dirty_tables, special_notes, task_index
from camcops.demonstration.tablet import Refused
from camcops.tablet_api.literals import encode_list
from tests.tablet import WsgiTablet
from tests.tablet_api.contents import T0, T1, blob, everything, person, phq9, picture
from tests.tablet_api.test_uploads import rows


def send_table(device: WsgiTablet, name: str, records: list[dict[str, Any]]) -> None:
    device.call(
        "upload_table",
        table=name,
        pkname="id",
        fields=",".join(records[0]),
        nrecords=str(len(records)),
        **{f"record{n}": encode_list(row.values()) for n, row in enumerate(records)},
    )


def send_record(device: WsgiTablet, name: str, record: dict[str, Any]) -> str:
    return device.call(
        "upload_record",
        table=name,
        pkname="id",
        fields=",".join(record),
        values=encode_list(record.values()),
    )["result"]


def ask(device: WsgiTablet, *blobs: dict[str, Any]) -> str:
    return device.call(
        "which_keys_to_send",
        table="blobs",
        pkname="id",
        pkvalues=",".join(str(row["id"]) for row in blobs),
        datevalues=",".join(row["when_last_modified"] for row in blobs),
        move_off_tablet_values=",".join(str(row["_move_off_tablet"]) for row in blobs),
    )["result"]


def test_what_a_table_says_last_counts(device: WsgiTablet, database: Database) -> None:
    """D10: the same table and the same key twice in one batch."""
    device.upload(everything(), finish=False, one_step=True)
    device.call("start_upload")
    send_table(device, "phq9", [phq9(1, modified=T1, q1=0), phq9(3, q1=0)])
    send_table(device, "phq9", [phq9(1, modified=T1, q1=2), phq9(2)])
    assert send_record(device, "phq9", phq9(4, q1=0)) == "UPLOAD-INSERT"
    assert send_record(device, "phq9", phq9(4, q1=3)) == "UPLOAD-INSERT"
    assert send_record(device, "phq9", phq9(2)) == "UPLOAD-UPDATE"
    device.call("end_upload")
    current = rows(database, "phq9")
    assert [(row["id"], row["q1"]) for row in current] == [(1, 2), (2, 1), (4, 3)]
    old = next(row for row in rows(database, "phq9", current=False) if not row["_current"])
    assert old["_successor_pk"] == current[0]["_pk"]
    assert len(rows(database, "phq9", current=False)) == 4


def test_a_record_sent_and_then_trimmed(device: WsgiTablet, database: Database) -> None:
    device.upload(everything(), finish=False, one_step=True)
    device.call("start_upload")
    send_record(device, "blobs", blob(2))
    send_record(device, "blobs", blob(1, modified=T1))
    device.call("delete_where_key_not", table="blobs", pkname="id", pkvalues="3")
    device.call("delete_where_key_not", table="blobs", pkname="id", pkvalues="1")
    device.call("end_upload")
    [only] = rows(database, "blobs", current=False)
    assert (only["id"], only["_current"], only["_successor_pk"]) == (1, True, None)


def test_an_abandoned_move_does_not_finalize_the_next_copy(
    device: WsgiTablet, database: Database
) -> None:
    """D2."""
    device.call("start_upload")
    device.call("start_preservation")
    device.upload(everything(), finish=False, one_step=False)
    assert {row["_era"] for row in rows(database, "phq9")} == {"NOW"}


def test_unchanged_blobs_that_move_off_are_finalized(
    device: WsgiTablet, database: Database
) -> None:
    """D3, and D17: only what the tablet marks now counts."""
    data = everything(
        photosequence_photos=[picture(1), picture(2, blob=2)],
        blobs=[blob(1), blob(2, owner=2)],
    )
    device.upload(data, finish=False, one_step=True)
    device.call("start_upload")
    assert ask(device, blob(1, move_off=1), blob(2), blob(3)) == "3"
    device.call("start_upload")
    assert ask(device, blob(1), blob(2, move_off=1), blob(3, modified=T1)) == "3"
    assert ask(device, blob(1, modified=T1), blob(2, move_off=1)) == "1"
    device.call("end_upload")
    first, second = rows(database, "blobs")
    assert (first["id"], first["_era"]) == (1, "NOW")
    assert (second["id"], second["_era"] == "NOW") == (2, False)
    assert not second["_move_off_tablet"]


def test_superseded_and_deleted_rows_leave_with_the_rest(
    device: WsgiTablet, database: Database
) -> None:
    """D6: a table with nothing current left in it."""
    device.upload(everything(), finish=False, one_step=False)
    device.upload(everything(phq9=[]), finish=False, one_step=False)
    device.upload(everything(phq9=[]), finish=True, one_step=False)
    assert all(row["_era"] != "NOW" for row in rows(database, "phq9", current=False))


@pytest.mark.parametrize("one_step", [True, False])
def test_notes_follow_their_tasks(device: WsgiTablet, database: Database, one_step: bool) -> None:
    """D4."""
    device.upload(everything(), finish=False, one_step=one_step)
    device_id = database.read(
        lambda conn: conn.scalar(sa.select(devices.c.id).where(devices.c.name == "device-1"))
    )
    notes = [
        {"basetable": "phq9", "task_id": key, "device_id": device_id, "era": "NOW", "hidden": False}
        for key in (1, 2)
    ]
    database.write(lambda conn: conn.execute(special_notes.insert(), notes))
    data = everything(phq9=[phq9(1, move_off=1), phq9(2)])
    device.upload(data, finish=False, one_step=one_step)

    def eras() -> dict[int, str]:
        query = sa.select(special_notes.c.task_id, special_notes.c.era)
        return {row[0]: row[1] for row in database.read(lambda conn: conn.execute(query).all())}

    tasks = {row["id"]: row["_era"] for row in rows(database, "phq9")}
    assert eras() == tasks
    assert tasks[2] == "NOW" != tasks[1]
    device.upload(everything(phq9=[phq9(2)]), finish=True, one_step=one_step)
    assert eras() == {row["id"]: row["_era"] for row in rows(database, "phq9")}
    assert "NOW" not in eras().values()


@pytest.mark.parametrize("one_step", [True, False])
def test_completeness_follows_child_rows_and_blobs(
    device: WsgiTablet, database: Database, one_step: bool
) -> None:
    """D9: the task's own row does not change, but what is judged does."""

    def is_complete() -> bool | None:
        query = sa.select(task_index.c.task_is_complete).where(
            task_index.c.task_table_name == "photosequence"
        )
        return database.read(lambda conn: conn.scalar(query))

    device.upload(everything(photosequence_photos=[]), finish=False, one_step=one_step)
    without = is_complete()
    device.upload(everything(), finish=False, one_step=one_step)
    indexed = database.read(lambda conn: conn.execute(sa.select(task_index)).all())
    assert len(indexed) == 3
    if database.library["photosequence"].finished:
        assert (without, is_complete()) == (False, True)
        device.upload(everything(photosequence_photos=[]), finish=False, one_step=one_step)
        assert is_complete() is False


def test_a_failing_request_changes_nothing(device: WsgiTablet, database: Database) -> None:
    """D1: and the batch goes on."""
    device.call("start_upload")
    send_table(device, "phq9", [phq9(1)])
    bad = {"id": 1, "_move_off_tablet": 0, "when_last_modified": T0, "patient_id": 1}
    with pytest.raises(Refused, match="type 9"):
        send_table(device, "patient_idnum", [{**bad, "which_idnum": 9, "idnum_value": 1}])
    names = database.read(lambda conn: conn.scalars(sa.select(dirty_tables.c.tablename)).all())
    assert names == ["phq9"]
    device.call("end_upload")
    assert len(rows(database, "phq9")) == 1
    assert rows(database, "patient_idnum", current=False) == []


def test_eras_of_uploads_within_a_second_differ(device: WsgiTablet, database: Database) -> None:
    for n in range(6):
        data = everything(patient=[person(move_off=n % 2)])
        device.upload(data, finish=n % 3 == 0, one_step=n % 2 == 0)
    closed = [row["_era"] for row in rows(database, "patient") if row["_era"] != "NOW"]
    assert len(set(closed)) == len(closed) >= 4


def test_uploads_are_audited(device: WsgiTablet, database: Database) -> None:
    device.upload(everything(), finish=False, one_step=True)
    device.upload(everything(), finish=False, one_step=True)
    query = sa.select(audit.c.details).where(audit.c.source == "tablet").order_by(audit.c.id)
    *_, first, _, second = database.read(lambda conn: conn.scalars(query).all())
    assert "phq9: 2 added [1, 2]" in first or "phq9: 2 added" in first
    assert second.endswith("no changes")
