# SPDX-License-Identifier: GPL-3.0-or-later
"""An upload sends few statements: a fixed number, and a few for each table, whatever the rows."""

from typing import Any

import pytest

from camcops.db.database import Database
from tests.statements import count_statements
from tests.tablet import WsgiTablet
from tests.tablet_api.contents import T0, T1, blob, number, person, photosequence, phq9, picture

FIXED, A_TABLE = 10, 5


def held(tasks: int, modified: str = T0, move_off: int = 0) -> dict[str, list[dict[str, Any]]]:
    keys = range(1, tasks + 1)
    later = {"modified": modified, "move_off": move_off}
    return {
        "patient": [person(1, **later), person(2, **later)],
        "patient_idnum": [number(1, **later), number(2, patient=2, value=1002, **later)],
        "blobs": [blob(key, owner=key, **later) for key in keys],
        "photosequence_photos": [picture(key, blob=key, **later) for key in keys],
        "photosequence": [photosequence(1, **later)],
        "phq9": [phq9(key, patient=1 + key % 2, **later) for key in keys],
    }


def statements_of_one_step(
    device: WsgiTablet, database: Database, data: dict[str, Any], finish: bool = False
) -> list[str]:
    """Those of the one request alone; the session is there already."""
    device.call("check_device_registered")
    with count_statements(database) as seen:
        device._in_one_step(data, finish)
    return list(seen)


@pytest.mark.parametrize("tasks", [1, 40, pytest.param(700, marks=pytest.mark.slow)])
def test_one_step(quick_device: WsgiTablet, sqlite_database: Database, tasks: int) -> None:
    for data, finish, budget in (
        (held(tasks), False, 20),
        (held(tasks), False, 11),
        (held(tasks, modified=T1), False, 41),
        (held(tasks - 1 or 1, move_off=1), False, 45),
        (held(tasks), False, 26),
        (held(tasks, modified=T1), True, 39),
        ({"patient": [], "phq9": []}, True, 5),
    ):
        seen = statements_of_one_step(quick_device, sqlite_database, data, finish)
        # Links to successors go in portions of 512 rows; IN lists in portions of 8,192.
        portions = 2 * (tasks // 500) * 3
        assert len(seen) <= budget + portions, "\n".join(seen)


def test_untouched_tables_cost_nothing(quick_device: WsgiTablet, sqlite_database: Database) -> None:
    names = list(sqlite_database.tables)
    empty = {name: [] for name in names}
    statements_of_one_step(quick_device, sqlite_database, {**empty, "phq9": [phq9()]})
    unchanged = statements_of_one_step(quick_device, sqlite_database, {**empty, "phq9": [phq9()]})
    assert len(unchanged) <= 6, "\n".join(unchanged)
    tables = [name for name in names if any(f"FROM {name} " in text for text in unchanged)]
    assert tables == ["phq9"]
    quick_device.call("start_upload")
    with count_statements(sqlite_database) as seen:
        quick_device.call("upload_empty_tables", tables=",".join(names))
    assert len(seen) <= 7, "\n".join(seen)


@pytest.mark.parametrize("tasks", [1, 100])
def test_each_request_of_many(
    quick_device: WsgiTablet, sqlite_database: Database, tasks: int
) -> None:
    for modified in (T0, T1):
        with count_statements(sqlite_database) as seen:
            quick_device.call("start_upload")
        assert len(seen) <= FIXED + 1
        data = held(tasks, modified=modified)
        for name in data:
            columns = list(data[name][0])
            records = {f"record{n}": _literals(row) for n, row in enumerate(data[name])}
            with count_statements(sqlite_database) as seen:
                quick_device.call(
                    "upload_table",
                    table=name,
                    pkname="id",
                    fields=",".join(columns),
                    nrecords=str(len(records)),
                    **records,
                )
            assert len(seen) <= FIXED, "\n".join(seen)
        with count_statements(sqlite_database) as seen:
            quick_device.call("end_upload")
        assert len(seen) <= FIXED + A_TABLE * len(data), "\n".join(seen)


def _literals(row: dict[str, Any]) -> str:
    from camcops.tablet_api.literals import encode_list

    return encode_list(row.values())
