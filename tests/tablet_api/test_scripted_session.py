# SPDX-License-Identifier: GPL-3.0-or-later
"""A long session recorded with CamCOPS 2.4, sent again: same outcomes, same rows but for its faults."""

import datetime as dt
import json
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.db import schema
from camcops.db.database import Database
from tests.initial_states import make_scripted_state
from tests.tablet_api.recordings import Replay, recording, rows_after_phases
from tests.tablet_api.test_recorded_tablets import check_same

# Exchanges that we answer otherwise than CamCOPS 2.4, on purpose: what we answer, by number in the recording.
DIFFERENT_STATUS = {
    6: 200,  # D12: a tablet too old (1.0.0) is told so, not answered by a bare 400
    7: 200,  # D12: the same for version 1.5
    9: 400,  # not an HTML page but 400 for a device name of other characters
    23: 400,  # the same for a user name
}

# Registering a patient and schedules: see `test_single_user_recording`.
SINGLE_USER = "16"

# Of the 2.4 server's rows, these can't be the same on another server, or say nothing.
NEVER_COMPARED = {"uuid", "index_entry_pk", "indexed_at_utc", "task_is_complete"}
INSTANTS = {
    "_when_added_exact",
    "_when_removed_exact",
    "_when_added_batch_utc",
    "_when_removed_batch_utc",
    "when_added_batch_utc",
}

# Phase 8 onwards shows the fault D2: an upload that finalizes was begun and abandoned (phase 7, which was not
# recorded), and the server went on finalizing in the Copy that followed; and D3, D5, D6 in what came of it.
# From there on the rows of CamCOPS 2.4 are those of another history: only up to phase 6 they are compared.
LAST_SAME_PHASE = 6
TABLES = (
    "patient",
    "patient_idnum",
    "phq9",
    "bmi",
    "photo",
    "photosequence",
    "photosequence_photos",
    "progressnote",
    "ref_satis_gen",
    "blobs",
    "_task_index",
    "_idnum_index",
    "_dirty_tables",
)
# D9: this index of CamCOPS 2.4 goes on pointing at the superseded version of patient 1 (phases 3 to 6).
D9_COLUMN = "patient_pk"


@pytest.fixture
def replayed(database: Database, make_application: Any) -> tuple[Database, WSGIApplication]:
    make_scripted_state(database)
    return database, make_application(database)


@pytest.mark.slow
def test_scripted_session(replayed: tuple[Database, WSGIApplication]) -> None:
    database, application = replayed
    replay, expected = Replay(application), rows_after_phases()
    exchanges = [one for one in recording("scripted_session") if one.phase != SINGLE_USER]
    for exchange, following in zip(exchanges, [*exchanges[1:], None], strict=True):
        if exchange.method == "POST":
            answer = replay.send(exchange)
            if exchange.n in DIFFERENT_STATUS:
                assert answer.status == DIFFERENT_STATUS[exchange.n], exchange
                assert answer.lines.get("success", "0") == "0"
            else:
                check_same(exchange, answer)
        phase = exchange.phase
        is_last = following is None or following.phase != phase
        if is_last and int(phase) <= LAST_SAME_PHASE:
            compare(database, expected[phase], phase)
        if is_last and phase == "8":
            check_only_patient_2_is_finalized(database)
    check_everything_is_finalized(database)


def rows_of(database: Database, name: str) -> list[dict[str, Any]]:
    table = database.tables[name].table if name in database.tables else schema.metadata.tables[name]
    found = database.read(lambda conn: conn.execute(sa.select(table)).mappings().all())
    return [dict(row) for row in found]


def compare(database: Database, expected: dict[str, list[dict[str, Any]]], phase: str) -> None:
    """Row by row, in the order of keys; server keys as positions, instants by whether they are there."""
    devices = {row["id"]: row["name"] for row in rows_of(database, "_security_devices")}
    their_devices = {row["id"]: row["name"] for row in expected["_security_devices"]}
    for name in TABLES:
        ours = plain(rows_of(database, name), devices, name)
        theirs = plain(expected[name], their_devices, name)
        assert len(ours) == len(theirs), (phase, name)
        for our, their in zip(ours, theirs, strict=True):
            for column, value in their.items():
                where = (phase, name, our.get("id"), column)
                assert same(our[column], value), (where, our[column], value)


def plain(rows: list[dict[str, Any]], devices: dict[int, str], name: str) -> list[dict[str, Any]]:
    key = next(k for k in ("_pk", "idnum_pk", "task_pk", "id") if not rows or k in rows[0])
    sort_by = ("task_table_name", "task_pk") if name == "_task_index" else (key,)
    made: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: [row[column] for column in sort_by]):
        kept = {column: value for column, value in row.items() if column not in NEVER_COMPARED}
        for column in INSTANTS & kept.keys():
            kept[column] = kept[column] is not None
        for column in ("_device_id", "device_id"):
            if column in kept:
                kept[column] = devices[kept[column]]
        for column in [c for c in kept if c.endswith("user_id")]:
            kept[column] = kept[column] is not None
        if name in ("_task_index", "_idnum_index"):
            kept.pop(D9_COLUMN)
        made.append(kept)
    if name == "_idnum_index":
        # The patient made on the server is not in the recording's index.
        made = [row for row in made if row["idnum_value"] != 777]
    return [row for row in made if row.get("_device_id") != "server"]


def same(our: Any, their: Any) -> bool:
    if isinstance(their, dict):
        return bytes.fromhex(their["__bytes__"]) == our
    if isinstance(our, dt.datetime):
        return our.isoformat() == their
    if isinstance(our, dt.date):
        return our.isoformat() == their
    if isinstance(our, float) and their is not None:
        return our == pytest.approx(their, rel=1e-5)
    return bool(our == their)


def check_only_patient_2_is_finalized(database: Database) -> None:
    """Of the Copy in phase 8: what the tablet marked went into one closed era, all else stayed in NOW."""
    exchanges = [one for one in recording("scripted_session") if one.phase == "8"]
    eras: set[str] = set()
    for exchange in exchanges:
        form = exchange.form
        if form.get("operation") != "upload_table":
            continue
        position = form["fields"].split(",").index("_move_off_tablet")
        keys = form["fields"].split(",").index("id")
        for n in range(int(form["nrecords"])):
            values = form[f"record{n}"].split(",")
            moved = values[position] == "1"
            rows = [
                row
                for row in rows_of(database, form["table"])
                if row["id"] == int(values[keys]) and row["_device_id"] != 1
            ]
            assert all((row["_era"] != "NOW") == moved for row in rows), (form["table"], values)
            eras |= {row["_era"] for row in rows if moved}
    # D3: the unchanged pictures of patient 2, whose contents were not asked for, went too.
    assert {row["_era"] for row in rows_of(database, "blobs") if row["id"] in (2, 4)} == eras
    assert len(eras) == 1


def check_everything_is_finalized(database: Database) -> None:
    """After the last upload, a Move in one step, no table has anything left in era NOW (D6)."""
    for name in TABLES[:10]:
        rows = [row for row in rows_of(database, name) if row["_device_id"] != 1]
        assert rows
        assert all(row["_era"] != "NOW" for row in rows), name
        assert not any(row["_move_off_tablet"] for row in rows), name
        # D5: a live row that was about to go and stayed keeps the instant of its addition.
        assert all(row["_when_added_exact"] for row in rows), name
    current = {
        (name, row["_pk"])
        for name in ("phq9", "bmi", "photo", "photosequence", "progressnote", "ref_satis_gen")
        for row in rows_of(database, name)
        if row["_current"]
    }
    index = rows_of(database, "_task_index")
    assert {(row["task_table_name"], row["task_pk"]) for row in index} == current
    assert len(index) == len(current)
    patients = {row["_pk"]: row for row in rows_of(database, "patient")}
    for entry in index:
        if entry["patient_pk"] is not None:
            assert patients[entry["patient_pk"]]["_current"]
    assert rows_of(database, "_dirty_tables") == []
    devices = {row["name"]: row for row in rows_of(database, "_security_devices")}
    device = devices["device-aaaa-0001"]
    assert device["ongoing_upload_batch_utc"] is None
    assert device["last_upload_batch_utc"] is not None  # D13: set by one-step uploads too
    assert json.dumps(device["friendly_name"]) == '"My tablet (renamed)"'
