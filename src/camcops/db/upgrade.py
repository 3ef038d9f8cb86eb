# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a database up to date: the server's own tables by revisions, instruments' as defined.

Safe to repeat, to cut off at any point and to run twice at once. On SQLite and PostgreSQL it is one
transaction; MariaDB and MySQL commit each statement, and the next run goes on where the last one
stopped.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

import camcops
from camcops.db import migrations
from camcops.db.adoption import TO_ADOPT, AdoptionState, added_columns, adoption_state
from camcops.db.catalogue import Catalogue, read_catalogue
from camcops.db.changes import Change, client_changes, server_index_changes
from camcops.db.database import Database, connect
from camcops.db.engine import SQLITE_PATIENCE_S
from camcops.db.faults import is_transient, problem_of
from camcops.db.instants import utc_now
from camcops.db.patient_names import add_missing
from camcops.db.schema import metadata, schema_state
from camcops.db.seeds import seed
from camcops.db.state import (
    VERSION_TABLE,
    fingerprint,
    refuse_other_revisions,
    version_table,
)
from camcops.problems import (
    DATABASE_BUSY,
    DATABASE_TO_ADOPT,
    Problem,
)

if TYPE_CHECKING:
    from camcops.instruments.library import Library

LOCK_NUMBER = 0x43616D434F5053  # “CamCOPS” in ASCII
LOCK_PATIENCE_S = 600

Progress = Callable[[int, int, str], None]
"""Called before each step with the steps done, the steps in all and what comes next."""


def _silent(done: int, total: int, what: str) -> None:
    """Progress that nobody watches."""


class Adopter(Protocol):
    """What taking over a database of CamCOPS 2.4 needs besides new tables, columns and indexes.

    It is called at every upgrade until the adoption is finished: CamCOPS 2.4 may have been at work
    in between.
    """

    final: bool
    """Is CamCOPS 2.4 done with? Only then are two current rows of one object forbidden."""

    def begin(self, connection: Connection, database: Database) -> None:
        """Before anything is added: record that it has begun, and put right what is wrong."""

    def complete(self, connection: Connection, database: Database, progress: Progress) -> None:
        """When all is there: fill what we keep besides, and record that it is done."""


def upgrade(
    database_url: str,
    library: "Library",
    *,
    progress: Progress = _silent,
    adopter: Adopter | None = None,
) -> None:
    """Create or extend the database at an address so that it is as this program needs it.

    One that belongs to CamCOPS 2.4 is taken over if an `adopter` is given. Raises Problem if it
    isn't then, is of another revision of CamCOPS 2 or of a newer program (nothing is changed then),
    or is out of reach.
    """
    database = connect(database_url, library)
    try:
        with _exclusive(database.engine) as connection:
            state = adoption_state(connection)
            if state is AdoptionState.UNDER_WAY and adopter is None:
                raise Problem(DATABASE_TO_ADOPT)
            adopting = adopter if state in TO_ADOPT else None
            if adopting:
                adopting.begin(connection, database)
            version_table.create(connection, checkfirst=True)
            progress(0, 1, "the server's own tables")
            migrations.migrate(connection)
            _extend(connection, database, progress, guarded=adopting is None or adopting.final)
            seed(connection)
            add_missing(connection)
            if adopting:
                adopting.complete(connection, database, progress)
            _stamp(connection, database)
    except DBAPIError as error:
        if (problem := problem_of(error)) is not None:
            raise problem from error
        if is_transient(error):
            raise Problem(DATABASE_BUSY) from error
        raise
    finally:
        database.engine.dispose()


def sql_of_upgrade(database_url: str, library: "Library") -> str:
    """The statements by which `upgrade` would change the database's structure; runs none of them.

    To adopt a database of CamCOPS 2.4, they are not enough: see `Adopter`.
    """
    database = connect(database_url, library)
    try:
        state, found, revision = database.read(_look)
    finally:
        database.engine.dispose()
    dialect = database.engine.dialect
    written = io.StringIO()
    migrations.write_sql(dialect.name, revision, written)
    for change in _changes(database, found, guarded=state not in TO_ADOPT):
        written.write(change.sql(dialect) + ";\n\n")
    return written.getvalue()


def _look(connection: Connection) -> tuple[AdoptionState, Catalogue, str | None]:
    """What the database will hold once its revisions have run, and its present state and revision."""
    state = adoption_state(connection)
    found = read_catalogue(connection)
    revision = None
    if VERSION_TABLE in found:
        revision = connection.execute(sa.select(version_table.c.version_num)).scalar_one_or_none()
    refuse_other_revisions(revision)
    server = {table.name: frozenset(table.columns.keys()) for table in metadata.sorted_tables}
    return state, Catalogue({**server, **found.columns}, found.indexes), revision


@contextmanager
def _exclusive(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction, while no other process upgrades the same database."""
    with engine.connect() as connection:
        connection.execution_options(**{SQLITE_PATIENCE_S: LOCK_PATIENCE_S})
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_NUMBER)))
            elif engine.dialect.name == "mysql":
                # Locks are named across the whole server, and end with the connection.
                name = sa.func.sha1(sa.func.concat("camcops_upgrade ", sa.func.database()))
                if (
                    connection.execute(sa.select(sa.func.get_lock(name, LOCK_PATIENCE_S))).scalar()
                    != 1
                ):
                    raise Problem(DATABASE_BUSY)
            yield connection


def _changes(database: Database, found: Catalogue, *, guarded: bool) -> list[Change]:
    dialect = database.engine.dialect
    return [
        *added_columns(found),
        *client_changes(database.tables.values(), found, dialect, guarded=guarded),
        *server_index_changes(found),
    ]


def _extend(
    connection: Connection, database: Database, progress: Progress, *, guarded: bool
) -> None:
    changes = _changes(database, read_catalogue(connection), guarded=guarded)
    for done, change in enumerate(changes):
        progress(done, len(changes), change.table)
        connection.execute(change.statement)


def _stamp(connection: Connection, database: Database) -> None:
    """Record what the database now holds, for `require_current`."""
    values = {
        "fingerprint": fingerprint(database.tables.values()),
        "library_fingerprint": database.library.fingerprint,
        "version": camcops.__version__,
        "upgraded_at_utc": utc_now(),
    }
    if connection.execute(sa.update(schema_state).values(values)).rowcount == 0:
        connection.execute(sa.insert(schema_state).values(id=1, **values))
