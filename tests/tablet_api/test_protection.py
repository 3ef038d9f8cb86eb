# SPDX-License-Identifier: GPL-3.0-or-later
"""What protects stored records from uploads that are honest but unlucky, or not honest."""

import datetime as dt
import json
import logging
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import audit, devices, dirty_tables, groups
from camcops.demonstration.tablet import Refused, patients_to_check
from camcops.site import Site
from camcops.tablet_api.abandoned import drop_abandoned
from camcops.tablet_api.repeats import BatchDigest, Contribution
from tests.tablet import WsgiTablet
from tests.tablet_api.contents import T0, T1, blob, everything, number, person, phq9
from tests.tablet_api.refusals import refused

Held = dict[str, list[dict[str, Any]]]
FORMS = pytest.mark.parametrize("one_step", [True, False], ids=["one_step", "many_steps"])


def rows(database: Database, name: str) -> list[sa.RowMapping]:
    table = database.tables[name].table
    query = sa.select(table).order_by(table.c._pk)
    return database.read(lambda conn: list(conn.execute(query).mappings()))


def all_rows(database: Database) -> dict[str, list[sa.RowMapping]]:
    return {name: rows(database, name) for name in everything()}


def last_audited(database: Database) -> str:
    query = sa.select(audit.c.details).order_by(audit.c.id.desc()).limit(1)
    return database.read(lambda conn: str(conn.scalar(query)))


def send_unasked(device: WsgiTablet, held: Held, *, finish: bool, one_step: bool) -> None:
    """Upload without asking beforehand whether the patients satisfy the policies."""
    if one_step:
        device._in_one_step(held, finish)
    else:
        device._table_by_table(held, finish)


def put(database: Database, statement: sa.Executable) -> None:
    database.write(lambda conn: conn.execute(statement))


@FORMS
def test_a_finalizing_upload_sent_again_changes_nothing(
    device: WsgiTablet, database: Database, one_step: bool
) -> None:
    # BLOBs that came with an earlier upload are not sent with the first try, but with the second.
    device.upload(everything(), finish=False, one_step=one_step)
    held = everything(blobs=[blob(1), blob(2, modified=T1)])
    device.upload(held, finish=True, one_step=one_step)
    before = all_rows(database)
    for _ in range(2):
        device.session = {}
        device.upload(held, finish=True, one_step=one_step)
        assert all_rows(database) == before
        assert "the same as the last one" in last_audited(database)
    [state] = database.read(
        lambda conn: conn.execute(sa.select(devices).where(devices.c.name == device.device)).all()
    )
    assert (state.ongoing_upload_batch_utc, state.upload_digest) == (None, None)
    # What is new is no repetition, nor is what comes after something new.
    more = everything(phq9=[phq9(1), phq9(2), phq9(3)])
    device.upload(more, finish=True, one_step=one_step)
    assert len(rows(database, "phq9")) == 5
    device.upload(held, finish=True, one_step=one_step)
    assert len(rows(database, "phq9")) == 7


@FORMS
def test_single_patients_finalized_by_a_copy_sent_again(
    quick_device: WsgiTablet, sqlite_database: Database, one_step: bool
) -> None:
    held = {
        "patient": [person(1, move_off=1), person(2)],
        "patient_idnum": [number(1, move_off=1), number(2, patient=2)],
        "phq9": [phq9(1, move_off=1), phq9(2, patient=2)],
    }
    for _ in range(3):
        quick_device.upload(held, finish=False, one_step=one_step)
    found = rows(sqlite_database, "phq9")
    assert [(row["id"], row["_era"] == "NOW") for row in found] == [(1, False), (2, True)]


@FORMS
def test_copies_without_anything_finished_are_never_skipped(
    quick_device: WsgiTablet, sqlite_database: Database, one_step: bool
) -> None:
    quick_device.upload(everything(), finish=False, one_step=one_step)
    quick_device.upload(everything(phq9=[]), finish=False, one_step=one_step)
    quick_device.upload(everything(), finish=False, one_step=one_step)
    assert [row["_current"] for row in rows(sqlite_database, "phq9")] == [False] * 2 + [True] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"phq9": [phq9(1), phq9(2, q1=0)]},
        {"phq9": [phq9(1), phq9(2, modified=T1)]},
        {"phq9": [phq9(1)]},
        {"phq9": [phq9(1), phq9(3)]},
        {"patient": [person(forename="Zoe")]},
        {"blobs": [blob(modified=T1)]},
        {"blobs": []},
        {"gad7": []},
    ],
)
@FORMS
def test_any_difference_makes_another_upload(
    quick_device: WsgiTablet, sqlite_database: Database, one_step: bool, change: Held
) -> None:
    quick_device.upload(everything(), finish=True, one_step=one_step)
    before = len(rows(sqlite_database, "patient"))
    quick_device.upload(everything(**change), finish=True, one_step=one_step)
    differs = change != {"gad7": []}
    assert len(rows(sqlite_database, "patient")) == before + differs


def test_the_order_of_requests_does_not_matter_but_their_number_does() -> None:
    one, two = Contribution(5), Contribution(2**256 - 3)
    listed = Contribution(7, listed="blobs")
    sent = Contribution(9, unless_listed="blobs")
    digest = BatchDigest().plus(one).plus(listed).plus(two).plus(sent)
    assert digest == BatchDigest.parse(str(BatchDigest().plus(listed).plus(two))).plus(one)
    assert digest != digest.plus(one)
    assert digest.whole(finalizing=True) != digest.whole(finalizing=False)
    assert BatchDigest().plus(sent).total == 9


@FORMS
def test_patients_who_break_the_policy_stay_out(
    device: WsgiTablet, database: Database, one_step: bool
) -> None:
    nameless = everything(patient=[person(forename="")])
    send_unasked(device, nameless, finish=False, one_step=one_step)
    before = all_rows(database)
    attempt = {**nameless, "phq9": [phq9(1), phq9(2, modified=T1)]}
    with pytest.raises(Refused, match="the finalize policy"):
        send_unasked(device, attempt, finish=True, one_step=one_step)
    current = [row for row in rows(database, "phq9") if row["_current"]]
    assert [row["_pk"] for row in current] == [row["_pk"] for row in before["phq9"]]
    assert {row["_era"] for row in rows(database, "patient")} == {"NOW"}
    with pytest.raises(Refused, match="the upload policy"):
        send_unasked(device, everything(patient_idnum=[]), finish=False, one_step=one_step)
    # The user mends the patient and goes on.
    mended = everything(patient=[person(modified=T1)])
    send_unasked(device, mended, finish=True, one_step=one_step)
    assert "NOW" not in {row["_era"] for row in rows(database, "patient")}


def test_a_refused_batch_waits_uncommitted(
    quick_device: WsgiTablet, sqlite_database: Database
) -> None:
    put(sqlite_database, groups.update().values(upload_policy="idnum1"))
    with pytest.raises(Refused, match="upload policy"):
        send_unasked(quick_device, everything(), finish=False, one_step=False)
    assert {row["_current"] for row in rows(sqlite_database, "phq9")} == {False}
    refused(quick_device.answer("end_upload"), "upload policy (idnum1)")
    put(sqlite_database, groups.update().values(upload_policy="idnum2"))
    quick_device.call("end_upload")
    assert {row["_current"] for row in rows(sqlite_database, "phq9")} == {True}


@FORMS
def test_a_policy_that_changed_after_the_tablet_asked(
    quick_device: WsgiTablet, sqlite_database: Database, one_step: bool
) -> None:
    info = json.dumps(patients_to_check(everything(), finish=False))
    quick_device.call("validate_patients", patient_info=info)
    put(sqlite_database, groups.update().values(upload_policy="idnum1"))
    send_unasked(quick_device, everything(), finish=False, one_step=one_step)
    # The next upload is held to the new policy.
    changed = everything(phq9=[phq9(1, modified=T1)])
    with pytest.raises(Refused, match="upload policy"):
        send_unasked(quick_device, changed, finish=False, one_step=one_step)
    refused(quick_device.answer("validate_patients", patient_info=info), "upload policy (idnum1)")


@FORMS
def test_other_content_under_the_same_time_is_logged_and_not_stored(
    device: WsgiTablet, database: Database, caplog: pytest.LogCaptureFixture, one_step: bool
) -> None:
    device.upload(everything(), finish=False, one_step=one_step)
    with caplog.at_level(logging.WARNING, logger="camcops"):
        device.upload(everything(), finish=False, one_step=one_step)
    assert caplog.messages == []
    changed = everything(patient=[person(surname="Secret")], phq9=[phq9(1, q1=0), phq9(2)])
    before = all_rows(database)
    with caplog.at_level(logging.WARNING, logger="camcops"):
        device.upload(changed, finish=False, one_step=one_step)
    assert all_rows(database) == before
    people, tasks = sorted(caplog.messages)
    assert "table patient: 1 records" in people
    assert "fields surname" in people
    assert "table phq9: 1 records" in tasks
    assert "fields q1" in tasks
    assert "Secret" not in caplog.text


@FORMS
def test_a_clock_put_back_is_noted_and_the_record_stored(
    quick_device: WsgiTablet, sqlite_database: Database, one_step: bool
) -> None:
    quick_device.upload(everything(phq9=[phq9(1, modified=T1)]), finish=False, one_step=one_step)
    quick_device.upload(everything(phq9=[phq9(1, modified=T0)]), finish=False, one_step=one_step)
    first, second = rows(sqlite_database, "phq9")
    assert (first["_current"], second["_current"]) == (False, True)
    noted = f"1 modified earlier than their predecessors [{second['_pk']}]"
    assert noted in last_audited(sqlite_database)


def test_abandoned_uploads_are_dropped_after_a_month(
    device: WsgiTablet, database: Database, application: WSGIApplication
) -> None:
    site: Site = application.registry.site  # type: ignore[attr-defined]
    device.upload(everything(), finish=False, one_step=True)
    before = all_rows(database)
    device.call("start_upload")
    device.call("upload_empty_tables", tables="phq9,photosequence")
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    assert drop_abandoned(site, now=now + dt.timedelta(days=29)) == 0
    assert all_rows(database) != before
    assert drop_abandoned(site, now=now + dt.timedelta(days=31)) == 1
    assert all_rows(database) == before
    assert database.read(lambda conn: conn.execute(sa.select(dirty_tables)).all()) == []
    assert "never finished: dropped" in last_audited(database)
    assert drop_abandoned(site, now=now + dt.timedelta(days=31)) == 0
    refused(device.answer("upload_empty_tables", tables="phq9"), "No upload is in progress")
    device.upload(everything(), finish=True, one_step=False)
