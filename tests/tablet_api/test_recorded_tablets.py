# SPDX-License-Identifier: GPL-3.0-or-later
"""What real tablets sent to CamCOPS 2.4 is answered in the same way, and stored to the last cell."""

import json
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import task_index
from camcops.tablet_api.literals import decode
from tests.tablet import Answer
from tests.tablet_api.recordings import Exchange, Replay, recording

# Lists of which this server may have more, or in another order.
LISTS = ("get_allowed_tables", "get_extra_strings")


def check_same(exchange: Exchange, answer: Answer) -> None:
    """Status, outcome, keys and results agree."""
    where = (exchange.n, exchange.note, answer)
    assert answer.status == exchange.status, where
    expected, received = dict(exchange.reply), dict(answer.lines)
    if exchange.status == 400:
        assert answer.body == b"Not a valid CamCOPS API request\n"
        return
    for key in ("session_id", "session_token"):
        expected.pop(key, None)
        assert received.pop(key, None) not in (None, "", "None"), where
    if exchange.form.get("operation") in LISTS:
        check_list(exchange, answer)
        return
    if "error" in expected:
        assert received.pop("error"), where
        del expected["error"]
    assert received == expected, where


def check_list(exchange: Exchange, answer: Answer) -> None:
    expected, received = exchange.reply, answer.lines
    for key in ("nfields", "fields", "success"):
        assert received[key] == expected.get(key, "1"), (exchange.n, key)
    count = int(received["nrecords"])
    records = {received[f"record{n}"] for n in range(count)}
    assert len(records) == count
    wanted = {value for key, value in expected.items() if key.startswith("record")}
    assert wanted <= records, exchange.n


def check_stored(
    database: Database, data: dict[str, list[dict[str, str]]], era: str | None
) -> None:
    """Each record sent is a current row, in era NOW or in `era`, and says what the tablet said."""
    for name, records in data.items():
        if not records:
            continue
        table = database.tables[name].table
        query = sa.select(table).where(table.c._device_id != 1, table.c._current)
        rows = database.read(lambda conn, query=query: conn.execute(query).mappings().all())
        stored = {row["id"]: row for row in rows if (row["_era"] == "NOW") == (era is None)}
        for record in records:
            row = stored[int(record["id"])]
            for column, literal in record.items():
                check_cell(f"{name}.{column}", literal, row[column], table.c[column].type)


def check_cell(where: str, literal: str, stored: Any, kind: Any) -> None:
    sent = decode(literal)
    if where.endswith("._move_off_tablet"):
        assert bool(stored) is bool(sent), where
    elif isinstance(kind, sa.Float):
        assert (stored is None) if sent is None else stored == pytest.approx(sent, rel=1e-5), where
    elif (
        isinstance(sent, str)
        and isinstance(stored, str)
        and stored.startswith("20")
        and "T" in stored
    ):
        assert stored[:23] == sent[:23], where
    elif isinstance(sent, str) and isinstance(stored, str):
        assert stored == sent or (":" in sent and sent.startswith(stored)), where
    elif isinstance(sent, str):
        assert str(stored) == sent, where
    else:
        assert stored == sent or stored == str(sent), where


@pytest.mark.parametrize("name", ["tablet_t1", "tablet_t5_alltasks_onestep"])
@pytest.mark.slow
def test_recorded_tablet(application: WSGIApplication, database: Database, name: str) -> None:
    replay = Replay(application)
    finalized = 0
    for exchange in recording(name):
        answer = replay.send(exchange)
        check_same(exchange, answer)
        if exchange.form.get("operation") == "upload_entire_database":
            data = json.loads(exchange.form["dbdata"])
            finalizing = exchange.form["finalizing"] != "0"
            check_stored(database, data, era="closed" if finalizing else None)
            finalized += finalizing
    patients = database.tables["patient"].table
    eras = database.read(
        lambda conn: conn.scalars(
            sa.select(patients.c._era).where(patients.c._device_id != 1)
        ).all()
    )
    assert len(set(eras)) == len(eras) == max(1, finalized)
    if name == "tablet_t5_alltasks_onestep":
        indexed = database.read(
            lambda conn: conn.execute(
                sa.select(task_index.c.task_table_name, task_index.c.era, task_index.c.patient_pk)
            ).all()
        )
        assert len(indexed) == len({row.task_table_name for row in indexed}) == 138
        assert {row.era for row in indexed} == {min(eras)}
