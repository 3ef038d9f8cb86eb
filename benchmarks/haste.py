# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections for filling a database of no worth yet: nothing is checked, nothing waits for the disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from tests.scratch_databases import text_of

from camcops.db.database import Database
from camcops.db.engine import create_engine

_EACH = {
    "sqlite": (
        "PRAGMA journal_mode = OFF",
        "PRAGMA synchronous = OFF",
        "PRAGMA cache_size = -500000",
        "PRAGMA foreign_keys = OFF",
    ),
    "mysql": ("SET foreign_key_checks = 0", "SET unique_checks = 0"),
    "postgresql": (
        "SET session_replication_role = replica",
        "SET synchronous_commit = off",
        "SET maintenance_work_mem = '512MB'",
    ),
}
"""Of each connection, by dialect."""


@contextmanager
def hasty_engine(database: Database) -> Iterator[sa.Engine]:
    """An engine on the same database, which nobody else uses meanwhile; afterwards all is as it was."""
    database.engine.dispose()
    engine = create_engine(text_of(database.engine.url))
    dialect = engine.dialect.name

    def hurry(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for statement in _EACH[dialect]:
            cursor.execute(statement)
        cursor.close()

    sa.event.listen(engine, "connect", hurry)
    with _unflushed(engine):
        yield engine
    engine.dispose()


@contextmanager
def _unflushed(engine: sa.Engine) -> Iterator[None]:
    """For so long, MariaDB's server doesn't wait for its log."""
    if engine.dialect.name != "mysql":
        yield
        return
    with engine.connect() as conn:
        conn.exec_driver_sql("SET GLOBAL innodb_flush_log_at_trx_commit = 0")
    yield
    with engine.connect() as conn:
        conn.exec_driver_sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
