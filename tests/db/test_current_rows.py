# SPDX-License-Identifier: GPL-3.0-or-later
"""The database itself forbids two current rows of one object, and finds rows by an index."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from camcops.db.database import Database

TABLES = ("phq9", "diagnosis_icd10_item", "patient", "patient_idnum", "blobs")


def _row(table: sa.Table, **values: Any) -> dict[str, Any]:
    """A row with something in each column that needs it."""
    needed = {
        column.name: "x" if isinstance(column.type, sa.String) else 1
        for column in table.columns
        if not column.nullable and not column.primary_key
    }
    return needed | {"_era": "NOW", "_addition_pending": False, "_current": True} | values


def _insert(database: Database, name: str, *rows: dict[str, Any]) -> None:
    table = database.tables[name].table
    full = [_row(table, **row) for row in rows]
    database.write(lambda connection: connection.execute(sa.insert(table), full))


@pytest.mark.parametrize("name", TABLES)
def test_one_current_row(database: Database, name: str) -> None:
    _insert(database, name, {"id": 7}, {"id": 8})
    with pytest.raises(sa.exc.IntegrityError):
        _insert(database, name, {"id": 7})
    # Older versions, other eras and other devices are no rivals.
    _insert(
        database,
        name,
        {"id": 7, "_current": False},
        {"id": 7, "_current": False},
        {"id": 7, "_era": "2026-01-01T00:00:00Z"},
        {"id": 7, "_device_id": 2},
    )


def test_an_older_version_can_not_come_back_beside_the_current_one(database: Database) -> None:
    _insert(database, "phq9", {"id": 7}, {"id": 7, "_current": False})
    table = database.tables["phq9"].table
    with pytest.raises(sa.exc.IntegrityError):
        database.write(lambda c: c.execute(sa.update(table).values(_current=True)))


def test_statements_of_camcops_2_still_run(database: Database) -> None:
    """It names all columns that it knows; a reader of `*` gets those and no others."""
    client = database.tables["phq9"]
    _insert(database, "phq9", {"id": 7, "q1": 3})

    def columns(connection: Connection) -> set[str]:
        return set(connection.execute(sa.text("SELECT * FROM phq9")).keys())

    assert database.read(columns) == set(client.table.columns.keys())


@pytest.mark.parametrize(
    ("name", "link"), [("phq9", "id"), ("diagnosis_icd10_item", "diagnosis_icd10_id")]
)
def test_rows_are_found_by_index(sqlite_database: Database, name: str, link: str) -> None:
    table = sqlite_database.tables[name].table
    query = sa.select(table).where(
        table.c._device_id == 1, table.c._era == "NOW", table.c[link] == 1, table.c._current
    )

    def plan(connection: Connection) -> str:
        text = query.compile(connection, compile_kwargs={"literal_binds": True})
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
        return " ".join(step.detail for step in steps)

    assert "USING INDEX" in sqlite_database.read(plan)
    assert "SCAN" not in sqlite_database.read(plan)


def test_keys_are_never_given_twice(database: Database) -> None:
    table = database.tables["phq9"].table

    def add_and_delete(connection: Connection) -> int:
        connection.execute(sa.insert(table).values(_row(table)))
        key = connection.execute(sa.select(sa.func.max(table.c._pk))).scalar_one()
        connection.execute(sa.delete(table))
        return int(key)

    assert database.write(add_and_delete) < database.write(add_and_delete)
