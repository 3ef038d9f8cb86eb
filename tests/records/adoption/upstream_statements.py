# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements as CamCOPS 2.4 issues them: they name all of its own columns, and none of ours."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from tests.records.adoption.dumps import INDEXES, Upstream

_NOW = dt.datetime(2026, 12, 1, 10, tzinfo=dt.UTC).replace(tzinfo=None)
_EXACT = "2026-12-01T10:00:00.123456+00:00"


def leave_and_use(conn: sa.Connection, upstream: Upstream) -> None:
    """Do to each client table what an upload of CamCOPS 2.4 does, and what else it writes."""
    clients = {name for name, columns in upstream.columns.items() if "_addition_pending" in columns}
    assert len(clients) == 152
    for name in sorted(clients):
        _upload(conn, name, upstream.columns[name])
    for name in sorted(upstream.columns.keys() - clients - INDEXES - {"_alembic_version"}):
        _copy_a_row(conn, name, upstream.columns[name])
    revisions = conn.exec_driver_sql("SELECT version_num FROM _alembic_version").all()
    assert [tuple(one) for one in revisions] == [("0087",)]


def _upload(conn: sa.Connection, name: str, columns: Mapping[str, str]) -> None:
    """Insert, commit, modify, and finalize a record, then use its key again: table by table.

    Additions become current before what they replace no longer is: two rows are, for a moment.
    """
    first = _insert(conn, name, columns)
    pending = {"_current": 1, "_addition_pending": 0, "_adding_user_id": 1}
    pending |= {"_when_added_exact": _EXACT, "_when_added_batch_utc": _NOW}
    _update(conn, name, first, pending)
    second = _insert(conn, name, columns, _predecessor_pk=first)
    _update(conn, name, first, {"_removal_pending": 1, "_successor_pk": second})
    _update(conn, name, second, pending)
    gone = {"_current": 0, "_removal_pending": 0, "_removing_user_id": 1}
    gone |= {"_when_removed_exact": _EXACT, "_when_removed_batch_utc": _NOW}
    _update(conn, name, first, gone)
    for pk in (first, second):
        _update(conn, name, pk, {"_era": "2026-12-01T10:00:00Z", "_preserving_user_id": 1})
    third = _insert(conn, name, columns)
    _update(conn, name, third, pending)
    rows = conn.exec_driver_sql(
        f"SELECT {_list(columns)} FROM `{name}` WHERE _pk IN ({first}, {second}, {third})"
    ).mappings()
    assert [(row["_era"], row["_current"]) for row in rows] == [
        ("2026-12-01T10:00:00Z", 0),
        ("2026-12-01T10:00:00Z", 1),
        ("NOW", 1),
    ]
    conn.exec_driver_sql(f"DELETE FROM `{name}` WHERE _pk = {third}")


def _insert(conn: sa.Connection, name: str, columns: Mapping[str, str], **more: Any) -> int:
    values: dict[str, Any] = {
        column: _some_value(description)
        for column, description in columns.items()
        if " NO" in description
    }
    values |= {"_device_id": 1, "_era": "NOW", "_current": 0, "_addition_pending": 1}
    values |= {"_group_id": 1, "id": 424242, **more}
    del values["_pk"]
    complete = {column: values.get(column) for column in columns if column != "_pk"}
    marks = ", ".join(["%s"] * len(complete))
    made = conn.exec_driver_sql(
        f"INSERT INTO `{name}` ({_list(complete)}) VALUES ({marks})", tuple(complete.values())
    )
    return int(made.lastrowid)


def _some_value(description: str) -> Any:
    if description.startswith(("int", "bigint", "tinyint", "double", "float")):
        return 1
    return _NOW if description.startswith("date") else "2026-12-01T10:00:00.000000+00:00"


def _update(conn: sa.Connection, name: str, pk: int, values: Mapping[str, Any]) -> None:
    settings = ", ".join(f"`{column}` = %s" for column in values)
    done = conn.exec_driver_sql(
        f"UPDATE `{name}` SET {settings} WHERE _pk = %s", (*values.values(), pk)
    )
    assert done.rowcount == 1


def _copy_a_row(conn: sa.Connection, name: str, columns: Mapping[str, str]) -> None:
    """Insert a row like one that is there, in a table whose key counts up, and take it away again."""
    row = conn.exec_driver_sql(f"SELECT {_list(columns)} FROM `{name}` LIMIT 1").mappings().first()
    key = next(iter(columns))
    if row is None or "auto_increment" not in columns[key]:
        return
    values = {column: value for column, value in row.items() if column != key}
    for unique in ("username", "name"):
        if unique in values and name.startswith("_security"):
            values[unique] = "made by CamCOPS 2.4"
    marks = ", ".join(["%s"] * len(values))
    made = conn.exec_driver_sql(
        f"INSERT INTO `{name}` ({_list(values)}) VALUES ({marks})", tuple(values.values())
    )
    conn.exec_driver_sql(f"DELETE FROM `{name}` WHERE `{key}` = %s", (made.lastrowid,))


def _list(columns: Mapping[str, Any]) -> str:
    return ", ".join(f"`{column}`" for column in columns)
