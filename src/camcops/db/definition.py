# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole structure of a database as SQL, for people to read: nothing is connected to.

`upgrade_db` makes the same on the databases that the program runs on. The others are for those who copy the
data elsewhere.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateTable

from camcops.db.catalogue import Catalogue
from camcops.db.changes import Change, client_changes, server_index_changes
from camcops.db.client_tables import ClientTables
from camcops.db.schema import metadata
from camcops.db.state import version_table

if TYPE_CHECKING:
    from camcops.instruments.library import Library

SERVED: Final = frozenset({"mysql", "mariadb", "postgresql", "sqlite"})
"""On the others the program does not run: they get tables without our indexes."""


def definition(dialect_name: str, library: "Library") -> Iterator[str]:
    """The statements that make a new database, without rows, each with its semicolon."""
    dialect = _dialect(dialect_name)
    tables = ClientTables(library)
    server = [version_table, *metadata.sorted_tables]
    changes = [Change(table.name, CreateTable(table)) for table in server]
    if dialect_name in SERVED:
        made = {table.name: frozenset(table.columns.keys()) for table in server}
        changes += client_changes(tables.values(), Catalogue(made, {}), dialect)
        changes += server_index_changes(Catalogue(made, {}))
    else:
        others = [client.table for client in tables.values() if client.name not in metadata.tables]
        changes += [Change(table.name, CreateTable(table)) for table in others]
    for change in changes:
        yield change.sql(dialect) + ";"


def _dialect(name: str) -> Dialect:
    # SQLAlchemy's own dialect for MariaDB would leave out the character set that our tables name.
    url = sa.make_url(f"{'mysql' if name == 'mariadb' else name}://")
    made: Dialect = url.get_dialect()()
    return made
