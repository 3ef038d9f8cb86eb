# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases that CamCOPS 2.4 made, from dumps, and what CamCOPS 2.4 would see of them.

The environment variable CAMCOPS_ADOPTION_DUMPS names the folder of the dumps.
"""

import gzip
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import sqlalchemy as sa
from pymysql.constants import CLIENT

from camcops.db.catalogue import read_catalogue
from tests.scratch_databases import scratch_database

VARIABLE = "CAMCOPS_ADOPTION_DUMPS"

# Derived data, built anew by an adoption.
INDEXES = {"_task_index", "_idnum_index"}


def folder() -> Path | None:
    """Where the dumps are, if they are anywhere."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


@contextmanager
def loaded(server: sa.URL, dump: Path) -> Iterator[sa.URL]:
    """A database of CamCOPS 2.4 as it was dumped."""
    with scratch_database(server) as url:
        connection = pymysql.connect(
            unix_socket=str(url.query["unix_socket"]),
            user=url.username,
            database=url.database,
            client_flag=CLIENT.MULTI_STATEMENTS,
        )
        try:
            with gzip.open(dump, "rt", encoding="utf-8") as text, connection.cursor() as cursor:
                cursor.execute(text.read())
                while cursor.nextset():
                    pass
            connection.commit()
        finally:
            connection.close()
        yield url


@dataclass(frozen=True)
class Upstream:
    """What CamCOPS 2.4 knows of a database: its columns, and the rows in them by key."""

    columns: Mapping[str, Mapping[str, str]]
    rows: Mapping[str, Mapping[tuple[Any, ...], tuple[Any, ...]]]


def seen_by_upstream(conn: sa.Connection, like: Upstream | None = None) -> Upstream:
    """All of a database of CamCOPS 2.4; later, with `like`, the same tables and columns again."""
    columns = {name: dict(found) for name, found in _columns(conn).items()}
    if like is not None:
        columns = {
            table: {name: columns[table][name] for name in names}
            for table, names in like.columns.items()
        }
    return Upstream(columns, {table: _rows(conn, table, columns[table]) for table in columns})


def _columns(conn: sa.Connection) -> dict[str, dict[str, str]]:
    query = sa.text(
        "SELECT table_name, column_name,"
        " CONCAT_WS(' ', column_type, is_nullable, column_default, extra, collation_name)"
        " FROM information_schema.columns WHERE table_schema = DATABASE()"
        " ORDER BY table_name, ordinal_position"
    )
    found: dict[str, dict[str, str]] = {}
    for table, column, description in conn.execute(query):
        found.setdefault(table, {})[column] = description
    return found


def _rows(
    conn: sa.Connection, table: str, columns: Mapping[str, str]
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    keys = conn.scalars(
        sa.text(
            "SELECT column_name FROM information_schema.key_column_usage WHERE table_schema ="
            " DATABASE() AND constraint_name = 'PRIMARY' AND table_name = :table"
            " ORDER BY ordinal_position"
        ),
        {"table": table},
    ).all()
    places = [list(columns).index(key) for key in keys]
    selected = ", ".join(f"`{name}`" for name in columns)
    rows = conn.exec_driver_sql(f"SELECT {selected} FROM `{table}`")
    return {tuple(row[place] for place in places): tuple(row) for row in rows}


def altered(before: Upstream, after: Upstream) -> set[tuple[str, Any]]:
    """Rows of CamCOPS 2.4's tables that are not as they were: (table, first column of the key)."""
    found: set[tuple[str, Any]] = set()
    for table in before.rows.keys() - INDEXES:
        old, new = before.rows[table], after.rows[table]
        found |= {
            (table, key[0]) for key in old.keys() | new.keys() if old.get(key) != new.get(key)
        }
    return found


def foreign_keys_and_indexes(conn: sa.Connection) -> set[tuple[str, str]]:
    """The names of all indexes, by table."""
    return {(t, name) for t, names in read_catalogue(conn).indexes.items() for name in names}
