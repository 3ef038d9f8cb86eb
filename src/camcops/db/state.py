# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the database the one that this program expects? Cheap enough to ask at every start."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.schema import schema_state, upstream_revision
from camcops.db.seeds import UPSTREAM_REVISION
from camcops.problems import (
    DATABASE_EMPTY,
    DATABASE_LACKS_TABLES,
    DATABASE_NEWER,
    DATABASE_OF_CAMCOPS_2,
    DATABASE_OUTDATED,
    DATABASE_TO_ADOPT,
    Problem,
)

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0008", "0009", "0010")
"""Of the server's own tables, oldest first (`migrations/versions/`)."""

REVISION = REVISIONS[-1]

VERSION_TABLE = "_camcops_alembic_version"
version_table = sa.Table(
    VERSION_TABLE, sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True)
)
"""Alembic's own; that it is there says that the database is ours."""


def fingerprint(tables: Iterable[ClientTable]) -> str:
    """SHA-256 (hex) of the names and types of all columns that tablets fill."""
    digest = hashlib.sha256()
    for client in tables:
        digest.update(f"{client.name}({','.join(client.lookup)})\n".encode())
        for column in client.table.columns:
            digest.update(f" {column.name} {column.type!r} {column.nullable}\n".encode())
    return digest.hexdigest()


def require_current(database: Database) -> None:
    """Raise a Problem that names `upgrade_db` unless the database is as our `upgrade` leaves it.

    One statement; no table is looked at, and no instrument read while no definition has changed.
    """
    found = _recorded(database)
    refuse_other_revisions(found.revision)
    if found.revision != REVISION or found.fingerprint is None:
        raise Problem(DATABASE_OUTDATED, found=found.revision or "none", expected=REVISION)
    if found.library_fingerprint == database.library.fingerprint:
        return
    expected = fingerprint(database.tables.values())
    if found.fingerprint != expected:
        raise Problem(
            DATABASE_LACKS_TABLES,
            found=_named(REVISION, found.fingerprint),
            expected=_named(REVISION, expected),
        )


def refuse_other_revisions(found: str | None) -> None:
    """Raise a Problem if a program that knows more revisions has upgraded the database."""
    if found is not None and found not in REVISIONS:
        raise Problem(DATABASE_NEWER, found=found, expected=REVISION)


def _named(revision: str, stamp: str) -> str:
    return f"{revision}, instruments {stamp[:8]}"


@dataclass(frozen=True)
class _Recorded:
    """What the last upgrade wrote down; the fingerprints are None if it was cut off."""

    revision: str | None
    fingerprint: str | None = None
    library_fingerprint: str | None = None


def _recorded(database: Database) -> _Recorded:
    """Of a database that is ours; raises a Problem if it is empty or of CamCOPS 2."""
    query = sa.select(
        version_table.c.version_num, schema_state.c.fingerprint, schema_state.c.library_fingerprint
    ).select_from(sa.outerjoin(version_table, schema_state, sa.true()))
    try:
        row = database.read(lambda connection: connection.execute(query).one_or_none())
    except DBAPIError:
        # A table is missing: find out whose database it is.
        return database.read(_recorded_without_state)
    return _Recorded(None) if row is None else _Recorded(*row)


def _recorded_without_state(connection: Connection) -> _Recorded:
    names = sa.inspect(connection).get_table_names()
    if VERSION_TABLE in names:
        query = sa.select(version_table.c.version_num)
        return _Recorded(connection.execute(query).scalar_one_or_none())
    refuse_upstream(connection, names)
    raise Problem(DATABASE_EMPTY)


def refuse_upstream(connection: Connection, names: Iterable[str]) -> None:
    """Raise a Problem if these are the tables of CamCOPS 2: it must be adopted, or can't be."""
    if upstream_revision.name in names:
        require_adoptable(connection)
        raise Problem(DATABASE_TO_ADOPT)


def require_adoptable(connection: Connection) -> str:
    """The revision of CamCOPS 2 that the database is at; raises a Problem unless it is the one that
    can be adopted.
    """
    found = connection.execute(sa.select(upstream_revision.c.version_num)).scalar_one_or_none()
    if found != UPSTREAM_REVISION:
        raise Problem(DATABASE_OF_CAMCOPS_2, found=found or "unknown", needed=UPSTREAM_REVISION)
    return UPSTREAM_REVISION
