# SPDX-License-Identifier: GPL-3.0-or-later
"""What a database lacks, as statements that add it: instruments' tables and columns, all indexes.

Indexes that others have taken the place of are dropped.

Each statement stands alone: after any of them the database works as before, and planning again finds
the rest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from alembic.ddl.base import AddColumn
from sqlalchemy import (
    Boolean,
    Column,
    Computed,
    Index,
    Integer,
    MetaData,
    Table,
    and_,
    true,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import (
    CreateColumn,
    CreateIndex,
    CreateTable,
    DropIndex,
    ExecutableDDLElement,
)
from sqlalchemy.sql.compiler import DDLCompiler

from camcops.db.catalogue import Catalogue
from camcops.db.client_tables import ClientTable
from camcops.db.schema import metadata

CURRENT_ID = "_current_id"
"""On MariaDB and MySQL, which have no partial indexes: `id` of a current row, else NULL.

Invisible, so that statements written without it work unchanged."""

SUPERSEDED = {"ix__task_index_table_created": "_task_index"}
"""Indexes of earlier versions, and their tables."""


@dataclass(frozen=True)
class Change:
    """One statement, and the table that it is for."""

    table: str
    statement: ExecutableDDLElement

    def sql(self, dialect: Dialect) -> str:
        return str(self.statement.compile(dialect=dialect)).strip()


def client_changes(
    tables: Iterable[ClientTable], found: Catalogue, dialect: Dialect, *, guarded: bool = True
) -> Iterator[Change]:
    """What the tables that tablets fill lack; unless `guarded`, those that are there may hold two current
    rows of one object, as CamCOPS 2.4 makes them for a moment within each upload.
    """
    for client in tables:
        if client.name not in found:
            yield Change(client.name, _CreateGuarded(client.table))
        else:
            yield from _missing_columns(client, found.columns[client.name])
            if guarded:
                yield from _missing_guard(client, found.columns[client.name], dialect)
        present = found.indexes.get(client.name, frozenset())
        if not _index_names(client.name, dialect) <= present:
            for index in indexes(client, dialect):
                if index.name not in present and (guarded or not index.unique):
                    yield Change(client.name, CreateIndex(index))


def server_index_changes(found: Catalogue) -> Iterator[Change]:
    """The indexes that the server's own tables lack, then those that they need no more."""
    for table in metadata.sorted_tables:
        present = found.indexes.get(table.name, frozenset())
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            if index.name not in present:
                yield Change(table.name, CreateIndex(index))
    for name, owner in SUPERSEDED.items():
        if name in found.indexes.get(owner, frozenset()):
            column = Table(owner, MetaData(), Column("_pk")).c._pk
            yield Change(owner, DropIndex(Index(name, column)))


def indexes(client: ClientTable, dialect: Dialect) -> list[Index]:
    """Of a client table: one to find rows by, and one that forbids two current rows.

    The latter only where indexes can be partial.
    """
    names = {*client.lookup, "id"}
    table = Table(
        client.name, MetaData(), *(Column(name) for name in names), Column("_current", Boolean)
    )
    found = [Index(_lookup_name(client.name), *(table.c[name] for name in client.lookup))]
    if dialect.name != "mysql":
        # Written as in queries, so that they can use the index: "_current = 1" on SQLite.
        current = and_(true(), table.c._current)
        found.append(
            Index(
                _guard_name(client.name),
                *(table.c[name] for name in ("_device_id", "_era", "id")),
                unique=True,
                sqlite_where=current,
                postgresql_where=current,
            )
        )
    return found


def _index_names(table: str, dialect: Dialect) -> frozenset[str]:
    """Of `indexes`, without making them."""
    guard = () if dialect.name == "mysql" else (_guard_name(table),)
    return frozenset((_lookup_name(table), *guard))


def _lookup_name(table: str) -> str:
    return f"ix_{table}_lookup"


def _guard_name(table: str) -> str:
    return f"uq_{table}_current"


def _missing_columns(client: ClientTable, present: frozenset[str]) -> Iterator[Change]:
    """New columns are nullable: rows that are there have no value for them."""
    for column in client.table.columns:
        if column.name not in present:
            yield Change(client.name, AddColumn(client.name, Column(column.name, column.type)))


def _missing_guard(
    client: ClientTable, present: frozenset[str], dialect: Dialect
) -> Iterator[Change]:
    if dialect.name == "mysql" and CURRENT_ID not in present:
        yield Change(client.name, _AddGuard(client.name))


class _AddGuard(ExecutableDDLElement):
    """Adds the invisible column and its unique index to a table that was made without."""

    def __init__(self, table: str) -> None:
        self.table = table


class _CreateGuarded(CreateTable):
    """Makes a table, on MariaDB and MySQL with what they need to forbid two current rows of one object."""


class _CreateGuard(CreateColumn):
    """The invisible column and its unique constraint, within the making of a table."""


@compiles(_AddGuard, "mysql")
def _add_guard(element: _AddGuard, compiler: DDLCompiler, **options: Any) -> str:
    column, constraint = _guard(element.table, compiler)
    return f"ALTER TABLE {compiler.preparer.quote(element.table)} ADD COLUMN {column}, ADD {constraint}"


@compiles(_CreateGuarded, "mysql")
def _create_guarded(element: _CreateGuarded, compiler: DDLCompiler, **options: Any) -> str:
    guarded = CreateTable(element.element)
    guarded.columns.append(_CreateGuard(_current_id(element.element.name)))
    return str(compiler.visit_create_table(guarded, **options))  # type: ignore[no-untyped-call]


@compiles(_CreateGuard, "mysql")
def _create_guard(element: _CreateGuard, compiler: DDLCompiler, **options: Any) -> str:
    return ", \n\t".join(_guard(element.element.table.name, compiler))


def _guard(table: str, compiler: DDLCompiler) -> tuple[str, str]:
    """The column and the constraint, as they are declared."""
    quote = compiler.preparer.quote
    column = compiler.process(CreateColumn(_current_id(table)))
    names = ", ".join(map(quote, ("_device_id", "_era", CURRENT_ID)))
    return f"{column} INVISIBLE", f"CONSTRAINT {quote(_guard_name(table))} UNIQUE ({names})"


def _current_id(table: str) -> Column[Any]:
    computed = Computed("if(`_current`, `id`, NULL)", persisted=True)
    return Table(table, MetaData(), Column(CURRENT_ID, Integer, computed)).c[CURRENT_ID]
