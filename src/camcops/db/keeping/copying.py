# SPDX-License-Identifier: GPL-3.0-or-later
"""Filling an empty database with the rows of another one, or of a backup."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import sqlalchemy as sa

from camcops import problems
from camcops.db.database import Database
from camcops.db.keeping.rows import Row, Stored, Sum, filled_of, kept_tables, sums, unknown_parts
from camcops.db.schema import devices, users
from camcops.problems import Problem

Tell = Callable[[str, int, int], None]
"""Told the present table (of large ones, how many rows too), how many tables are done, how many there are."""

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
        present = filled_of(conn, kept_tables(source))

        def rows(stored: Stored) -> Iterable[Row]:
            return stored.read(conn) if stored.name in present else ()

        return target.write(lambda into: fill(into, target, rows, tell))

    expected = source.read(read)
    compare(target, expected)
    return expected


def fill(conn: sa.Connection, target: Database, source: Source, tell: Tell) -> Mapping[str, Sum]:
    """Fill the tables of a freshly made database; what was read, by table."""
    tables = kept_tables(target)
    for stored in reversed(refuse_if_used(conn, tables)):
        conn.execute(stored.table.delete())
    read = {}
    for done, stored in enumerate(tables):
        tell(stored.name, done, len(tables))
        total = read[stored.name] = Sum()
        watched = partial(tell_rows, tell, stored, done, len(tables))
        stored.write(conn, _counted(stored, source(stored), total, watched))
    _restart_counters(conn, [stored for stored in tables if read[stored.name].rows])
    return read


def _counted(
    stored: Stored, rows: Iterable[Row], total: Sum, watched: Callable[[int], None]
) -> Iterable[Row]:
    for row in rows:
        total.add(stored.encode(row))
        watched(total.rows)
        yield row
        del row  # a picture takes much room, and so does the next one


def tell_rows(tell: Tell, stored: Stored, done: int, total: int, rows: int) -> None:
    """Large tables take long: say how far each is."""
    if rows % stored.batch == 0:
        tell(f"{stored.name}, {rows} rows", done, total)


def refuse_if_used(conn: sa.Connection, tables: Sequence[Stored]) -> list[Stored]:
    """The tables with what every new database holds. Raise Problem if there is more."""
    names = filled_of(conn, tables)
    present = [stored for stored in tables if stored.name in names]
    for stored in present:
        count = sa.select(sa.func.count()).select_from(stored.table)
        seeded = 1 if stored.table in (users, devices) or stored.name in SEEDED else 0
        if (conn.scalar(count) or 0) > seeded:
            raise Problem(problems.TARGET_IN_USE, table=stored.name)
    return present


SEEDED = ("_server_settings", "_alembic_version")


def compare(target: Database, expected: Mapping[str, Sum]) -> None:
    """Raise Problem unless each table's rows are those that were read."""
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
