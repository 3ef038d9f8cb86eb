# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases to write into: made on a server, emptied between tests, dropped at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import devices, metadata, server_settings, users
from camcops.db.seeds import seed
from camcops.db.state import VERSION_TABLE

KEPT = {VERSION_TABLE, "_schema_state", "_alembic_version"}
SEEDED = (server_settings, users, devices)


def text_of(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


@contextmanager
def scratch_database(server: sa.URL) -> Iterator[sa.URL]:
    """An empty database on a server."""
    name = f"camcops_{uuid4().hex}"
    engine = sa.create_engine(server, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name)
    finally:
        force = " WITH (FORCE)" if engine.dialect.name == "postgresql" else ""
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}{force}")


def empty(database: Database) -> None:
    """Take away all rows but those that `upgrade` makes; keys count from 1 again."""
    quote = database.engine.dialect.identifier_preparer.quote
    names = {*database.tables, *metadata.tables} - KEPT
    question = " UNION ALL ".join(
        f"SELECT '{name}' FROM (SELECT 1 AS one) AS o WHERE EXISTS (SELECT 1 FROM {quote(name)})"
        for name in sorted(names)
    )
    with database.engine.begin() as connection:
        used = [*connection.execute(sa.text(question)).scalars(), *(t.name for t in SEEDED)]
        tables = ", ".join(quote(name) for name in dict.fromkeys(used))
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        else:
            connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
            for name in dict.fromkeys(used):
                connection.exec_driver_sql(f"TRUNCATE TABLE {quote(name)}")
            connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")
        seed(connection)


@contextmanager
def set_globally(server: sa.URL, **values: int) -> Iterator[None]:
    """Settings of a MariaDB server, for the duration of the block."""
    engine = sa.create_engine(server, poolclass=sa.NullPool)
    with engine.connect() as conn:
        for name, value in values.items():
            former = conn.scalar(sa.text(f"SELECT @@GLOBAL.{name}"))
            conn.execute(sa.text(f"SET GLOBAL {name} = {value}"))
            values[name] = former
        try:
            yield
        finally:
            for name, value in values.items():
                conn.execute(sa.text(f"SET GLOBAL {name} = {value}"))
