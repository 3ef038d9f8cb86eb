# SPDX-License-Identifier: GPL-3.0-or-later
"""Revisions of the server's own tables, run from code; instruments' and indexes need none.

A revision never imports what may change later, and is safe to repeat: MariaDB and MySQL commit each
statement of it at once, so that it may have been cut off at any point.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from camcops.db.schema import metadata
from camcops.db.state import VERSION_TABLE

FOLDER = Path(__file__).parent


def scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))


def migrate(connection: Connection) -> None:
    """Run the revisions that the database lacks."""
    _run(connection=connection)


def write_sql(dialect_name: str, found: str | None, output: TextIO) -> None:
    """Write the statements that `migrate` would run on a database at revision `found`."""
    _run(
        dialect_name=dialect_name,
        as_sql=True,
        transactional_ddl=False,
        starting_rev=found,
        output_buffer=output,
    )


def _run(*, starting_rev: str | None = None, as_sql: bool = False, **options: Any) -> None:
    directory = scripts()

    def steps(revision: Any, context: MigrationContext) -> Iterable[Any]:
        return directory._upgrade_revs("head", revision)

    with EnvironmentContext(
        Config(),
        directory,
        fn=steps,
        as_sql=as_sql,
        starting_rev=starting_rev,
        destination_rev="head",
    ) as environment:
        environment.configure(target_metadata=metadata, version_table=VERSION_TABLE, **options)
        with environment.begin_transaction():
            environment.run_migrations()
