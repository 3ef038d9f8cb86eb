# SPDX-License-Identifier: GPL-3.0-or-later
"""What a database holds at present: its tables, columns and indexes, read in two statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_COLUMNS = {
    "sqlite": """
        SELECT m.name, c.name FROM sqlite_master m, pragma_table_xinfo(m.name) c
        WHERE m.type = 'table'
        """,
    "mysql": """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = DATABASE()
        """,
    "postgresql": """
        SELECT t.relname, c.attname FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid
        WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p')
        AND c.attnum > 0 AND NOT c.attisdropped
        """,
}
_INDEXES = {
    "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'index'",
    "mysql": """
        SELECT DISTINCT table_name, index_name FROM information_schema.statistics
        WHERE table_schema = DATABASE()
        """,
    "postgresql": """
        SELECT tablename, indexname FROM pg_indexes WHERE schemaname = current_schema()
        """,
}


_TABLES_A_STATEMENT = 200


@dataclass(frozen=True)
class Catalogue:
    """Names of columns by table, and of indexes by table."""

    columns: Mapping[str, frozenset[str]]
    indexes: Mapping[str, frozenset[str]]

    def __contains__(self, table: str) -> bool:
        return table in self.columns


def read_catalogue(connection: Connection) -> Catalogue:
    dialect = connection.dialect.name
    return Catalogue(
        _by_table(connection.execute(sa.text(_COLUMNS[dialect]))),
        _by_table(connection.execute(sa.text(_INDEXES[dialect]))),
    )


def filled(conn: Connection, names: Sequence[str]) -> frozenset[str]:
    """Those of some tables that have rows (one statement for all, since most have none)."""
    quote = conn.dialect.identifier_preparer.quote
    found: set[str] = set()
    for start in range(0, len(names), _TABLES_A_STATEMENT):
        parts = [
            f"SELECT CASE WHEN EXISTS (SELECT 1 FROM {quote(name)}) THEN {number} END"  # noqa: S608 - ours
            for number, name in enumerate(names[start : start + _TABLES_A_STATEMENT], start)
        ]
        answers = conn.execute(sa.text(" UNION ALL ".join(parts))).scalars()
        found.update(names[number] for number in answers if number is not None)
    return frozenset(found)


def _by_table(rows: Iterable[sa.Row[str, str]]) -> Mapping[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for table, name in rows:
        found[table].add(name)
    return {table: frozenset(names) for table, names in found.items()}
