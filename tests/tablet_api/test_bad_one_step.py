# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads in one request with something wrong in them: the reason, and nothing changed."""

import json

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from tests.tablet import WsgiTablet
from tests.tablet_api.contents import everything
from tests.tablet_api.refusals import (
    WHEN,
    entire,
    literals,
    refused,
    stored,
)

CELLS = {
    "id": "1",
    "_move_off_tablet": "0",
    "when_last_modified": WHEN,
    "when_created": WHEN,
    "patient_id": "1",
    "q1": "3",
}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({**entire({}), "finalizing": ""}, ["finalizing"]),
        ({**entire({}), "finalizing": "yes"}, ["finalizing"]),
        ({**entire({}), "dbdata": ""}, ["dbdata"]),
        ({**entire({}), "dbdata": "{"}, ["dbdata"]),
        ({**entire({}), "dbdata": '{"phq9": [], "phq9": []}'}, ["dbdata", "twice"]),
        ({**entire({}), "dbdata": "[" * 100_000}, ["dbdata"]),
        ({**entire({}), "dbdata": '{"phq9": ' + "9" * 5000 + "}"}, ["dbdata"]),
        ({**entire({}), "pknameinfo": "NaN"}, ["pknameinfo"]),
        (entire([]), ["dbdata", "object"]),
        (entire({}, keys=[]), ["pknameinfo", "object"]),
        (entire({"phq9": []}, keys={}), ["phq9"]),
        (entire({}, keys={"phq9": "id"}), ["phq9"]),
        (entire({"phq9": [CELLS]}, keys={"phq9": ""}), ["phq9"]),
        (entire({"phq9": [CELLS]}, keys={"phq9": "q1"}), ["phq9", "q1"]),
        (entire({"phq9": [CELLS]}, keys={"phq9": 1}), ["phq9"]),
        (entire({"nonesuch": [CELLS]}), ["nonesuch"]),
        (entire({"_security_users": [CELLS]}), ["_security_users"]),
        (entire({"phq9": {"id": "1"}}), ["phq9"]),
        (entire({"phq9": "text"}), ["phq9"]),
        (entire({"phq9": None}), ["phq9", "array"]),
        (entire({"phq9": 0}), ["phq9", "array"]),
        (entire({"phq9": False}), ["phq9", "array"]),
        (entire({"phq9": {}}), ["phq9", "array"]),
        (entire({"nonesuch": None}), ["nonesuch", "array"]),
        (entire({"phq9": [[1]]}), ["phq9", "record 0"]),
        (entire({"phq9": [{**CELLS, "q1": 3}]}), ["phq9", "record 0"]),
        (entire({"phq9": [{**CELLS, "q1": None}]}), ["phq9", "record 0"]),
        (entire({"phq9": [{**CELLS, "_pk": "1"}]}), ["_pk", "only the server"]),
        (entire({"phq9": [CELLS, CELLS]}), ["record 1", "twice"]),
        (entire({"phq9": [{**CELLS, "q1": "'\\ud800'"}]}), ["q1"]),
        (
            entire(
                {
                    "patient_idnum": [
                        {
                            "id": "1",
                            "_move_off_tablet": "0",
                            "when_last_modified": WHEN,
                            "patient_id": "1",
                            "which_idnum": "77",
                            "idnum_value": "5",
                        }
                    ],
                    "phq9": [CELLS],
                }
            ),
            ["77", "5"],
        ),
    ],
)
def test_upload_entire_database(
    quick_device: WsgiTablet, sqlite_database: Database, fields: dict[str, str], words: list[str]
) -> None:
    quick_device.upload(everything(), finish=False, one_step=True)
    before = stored(sqlite_database)
    refused(quick_device.answer("upload_entire_database", **fields), *words)
    assert stored(sqlite_database) == before
    quick_device.upload(everything(), finish=False, one_step=True)
    assert stored(sqlite_database) == before


def test_unknown_empty_tables_are_ignored(quick_device: WsgiTablet) -> None:
    fields = entire({"phq9": [CELLS], "of_a_newer_tablet": [], "another": ""})
    assert quick_device.call("upload_entire_database", **fields)["result"] == "Success"


def test_an_invalid_id_number_undoes_the_whole_upload(
    device: WsgiTablet, database: Database
) -> None:
    data = everything()
    data["patient_idnum"][0] = {**data["patient_idnum"][0], "which_idnum": 1}
    cells = {"dbdata": json.dumps({}), "pknameinfo": json.dumps({}), "finalizing": "0"}
    refused(
        device.answer("upload_entire_database", **{**cells, **literals(data)}), "1001", "NHS number"
    )
    assert set(stored(database).values()) == {0}


def test_text_of_every_kind_comes_back(device: WsgiTablet, database: Database) -> None:
    text = "a,b'c''d\\e:f;g&h=i+j%k\nl\rm \"n\" é 中 😀 NULL 64'QUJD' X'41'"
    data = everything()
    data["patient"][0] = {**data["patient"][0], "other": text, "gp": "NULL", "address": ""}
    for one_step in (True, False):
        data["patient"][0]["when_last_modified"] = f"2026-07-0{1 + one_step}T00:00:00.000+00:00"
        device.upload(data, finish=False, one_step=one_step)
        table = database.tables["patient"].table
        query = sa.select(table).where(table.c._current, table.c._device_id != 1)
        [row] = database.read(lambda conn, query=query: conn.execute(query).all())
        assert (row.other, row.gp, row.address) == (text, "NULL", "")
