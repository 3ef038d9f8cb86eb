# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the database the one that this program expects? Cheap enough to ask at every start."""

import hashlib
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.schema import schema_state, upstream_revision
from camcops.problems import (
    DATABASE_EMPTY,
    DATABASE_LACKS_TABLES,
    DATABASE_NEWER,
    DATABASE_OF_CAMCOPS_2,
    DATABASE_OUTDATED,
    Problem,
)

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""Of the server's own tables, oldest first (`migrations/versions/`)."""

REVISION = REVISIONS[-1]

VERSION_TABLE = "_camcops_alembic_version"
version_table = sa.table(VERSION_TABLE, sa.column("version_num", sa.String(32)))


def fingerprint(tables: Iterable[ClientTable]) -> str:
    """SHA-256 (hex) of the names and types of all columns that tablets fill."""
    digest = hashlib.sha256()
    for client in tables:
        digest.update(f"{client.name}({','.join(client.lookup)})\n".encode())
        for column in client.table.columns:
            digest.update(f" {column.name} {column.type!r} {column.nullable}\n".encode())
    return digest.hexdigest()


def require_current(database: Database) -> None:
    """Raise a Problem that names `upgrade_db` unless the database is as `upgrade` of this program leaves it.

    One statement; no table is looked at.
    """
    found, stamp = _recorded(database)
    refuse_other_revisions(found)
    if found != REVISION or stamp is None:
        raise Problem(DATABASE_OUTDATED, found=found, expected=REVISION)
    expected = fingerprint(database.tables.values())
    if stamp != expected:
        raise Problem(
            DATABASE_LACKS_TABLES, found=_named(found, stamp), expected=_named(REVISION, expected)
        )


def refuse_other_revisions(found: str | None) -> None:
    """Raise a Problem if the database was upgraded by a program that knows revisions that we don't."""
    if found is not None and found not in REVISIONS:
        raise Problem(DATABASE_NEWER, found=found, expected=REVISION)


def _named(revision: str, stamp: str) -> str:
    return f"{revision}, instruments {stamp[:8]}"


def _recorded(database: Database) -> tuple[str | None, str | None]:
    """Revision and fingerprint of a database that is ours; a Problem if it isn't, or not completely."""
    query = sa.select(version_table.c.version_num, schema_state.c.fingerprint).select_from(
        sa.outerjoin(version_table, schema_state, sa.true())
    )
    try:
        row = database.read(lambda connection: connection.execute(query).one_or_none())
    except DBAPIError:
        # No such table: say whose database it is.
        row = database.read(_without_state)
    if row is None:
        raise Problem(DATABASE_EMPTY, expected=REVISION)
    revision, stamp = row
    return revision, stamp


def _without_state(connection: Connection) -> tuple[str, None] | None:
    names = sa.inspect(connection).get_table_names()
    if VERSION_TABLE in names:
        revision = connection.execute(sa.select(version_table.c.version_num)).scalar_one_or_none()
        return None if revision is None else (revision, None)
    refuse_upstream(connection, names)
    return None


def refuse_upstream(connection: Connection, names: Iterable[str]) -> None:
    """Raise a Problem if these are the tables of a database of CamCOPS 2, which is not ours to change."""
    if upstream_revision.name in names:
        found = connection.execute(sa.select(upstream_revision.c.version_num)).scalar_one_or_none()
        raise Problem(DATABASE_OF_CAMCOPS_2, found=found, expected=REVISION)
