# SPDX-License-Identifier: GPL-3.0-or-later
"""Filling an empty database with the rows of another one, or of a backup."""

from collections.abc import Callable, Iterable, Mapping

import sqlalchemy as sa

from camcops import problems
from camcops.db.database import Database
from camcops.db.keeping.rows import Row, Stored, Sum, kept_tables, unknown_parts
from camcops.db.schema import devices, users
from camcops.problems import Problem

Tell = Callable[[str, int, int], None]
"""Told the name of a table, how many are done, and how many there are."""

Source = Callable[[Stored], Iterable[Row]]


def copy_database(source: Database, target: Database, tell: Tell) -> Mapping[str, Sum]:
    """Copy every row into a freshly made database, of any kind, and compare; counts and checksums by table.

    The source is read in one transaction that sees one state; the target is filled in one transaction,
    so that an interrupted copy leaves it empty. Raises Problem if the target holds data, or if the source
    has tables or columns that would be lost, or if the comparison fails.
    """

    def read(conn: sa.Connection) -> Mapping[str, Sum]:
        if strange := unknown_parts(conn, source):
            raise Problem(problems.WOULD_BE_LOST, parts=", ".join(strange))
        return target.write(lambda into: fill(into, target, lambda stored: stored.read(conn), tell))

    expected = source.read(read)
    compare(target, expected)
    return expected


def fill(conn: sa.Connection, target: Database, source: Source, tell: Tell) -> Mapping[str, Sum]:
    """Fill the tables of a freshly made database; what was read, by table."""
    tables = kept_tables(target)
    refuse_if_used(conn, tables)
    for stored in reversed(tables):
        conn.execute(stored.table.delete())
    read = {}
    for done, stored in enumerate(tables):
        tell(stored.name, done, len(tables))
        total = Sum()
        stored.write(conn, _counted(stored, source(stored), total))
        read[stored.name] = total
    _restart_counters(conn, tables)
    return read


def _counted(stored: Stored, rows: Iterable[Row], total: Sum) -> Iterable[Row]:
    for row in rows:
        total.add(stored.encode(row))
        yield row


def refuse_if_used(conn: sa.Connection, tables: Iterable[Stored]) -> None:
    """Raise Problem unless the database holds only what every new one holds."""
    for stored in tables:
        present = sa.select(sa.func.count()).select_from(stored.table)
        seeded = 1 if stored.table in (users, devices) or stored.name in SEEDED else 0
        if (conn.scalar(present) or 0) > seeded:
            raise Problem(problems.TARGET_IN_USE, table=stored.name)


SEEDED = ("_server_settings", "_alembic_version")


def compare(target: Database, expected: Mapping[str, Sum]) -> None:
    """Raise Problem unless each table's rows are those that were read."""
    from camcops.db.keeping.rows import sums

    found = target.read(lambda conn: sums(conn, kept_tables(target)))
    differing = [
        f"{name} ({total.rows} rows, here {found[name].rows})"
        for name, total in expected.items()
        if found[name] != total
    ]
    if differing:
        raise Problem(problems.COPY_DIFFERS, tables=", ".join(differing))


def _restart_counters(conn: sa.Connection, tables: Iterable[Stored]) -> None:
    """PostgreSQL numbers new rows by sequences, which rows with numbers of their own don't move on."""
    if conn.dialect.name != "postgresql":
        return
    for stored in tables:
        key = stored.table.autoincrement_column
        if key is not None:
            sequence = sa.func.pg_get_serial_sequence(f'"{stored.name}"', key.name)
            highest = sa.select(sa.func.coalesce(sa.func.max(key), 0) + 1).scalar_subquery()
            conn.execute(sa.select(sa.func.setval(sequence, highest, False)))
