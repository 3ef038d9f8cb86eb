# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of bad input share: some good input, and what a refusal looks like."""

import json
from typing import Any

import sqlalchemy as sa

from camcops.db.database import Database
from camcops.tablet_api.literals import encode
from tests.tablet import Answer
from tests.tablet_api.contents import everything

NOT_A_REQUEST = b"Not a valid CamCOPS API request\n"
WHEN = "'2026-05-01T10:00:00.000+00:00'"


def refused(answer: Answer, *words: str) -> None:
    """A failure that the tablet shows: status 200, a reason with these words, the session's lines."""
    assert answer.status == 200, answer
    lines = answer.lines
    assert lines["success"] == "0", answer
    for word in words:
        assert word in lines["error"], answer
    assert int(lines["session_id"]) > 0
    assert len(lines["session_token"]) == 24
    assert answer.body.count(b"\n") == 4


def stored(database: Database) -> dict[str, int]:
    """How many rows each of the tables in use has."""

    def read(conn: sa.Connection) -> dict[str, int]:
        return {
            name: conn.scalar(sa.select(sa.func.count()).select_from(database.tables[name].table))
            or 0
            for name in everything()
        }

    return database.read(read)


UPLOAD_TABLE = {
    "table": "phq9",
    "pkname": "id",
    "fields": "id,_move_off_tablet,when_last_modified,when_created,patient_id,q1",
    "nrecords": "1",
    "record0": f"1,0,{WHEN},{WHEN},1,3",
}


def entire(data: Any, keys: Any = None, finalizing: str = "0") -> dict[str, str]:
    """The fields of an upload in one step: cells as literals already."""
    if keys is None:
        keys = dict.fromkeys(data, "id") if isinstance(data, dict) else {}
    return {"finalizing": finalizing, "dbdata": json.dumps(data), "pknameinfo": json.dumps(keys)}


def literals(data: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """Tables of plain values as the fields of an upload in one step."""
    tables = {
        name: [{column: encode(value) for column, value in row.items()} for row in rows]
        for name, rows in data.items()
    }
    return {"dbdata": json.dumps(tables), "pknameinfo": json.dumps(dict.fromkeys(tables, "id"))}
