# SPDX-License-Identifier: GPL-3.0-or-later
"""A database that lets one in only so far, or forgets one: what is said, and what goes on by itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from camcops.db.database import Database, connect
from camcops.db.schema import server_settings
from camcops.db.upgrade import upgrade
from camcops.instruments.library import BUILT_IN, Library
from camcops.problems import (
    DATABASE_ABSENT,
    DATABASE_LOGIN_REFUSED,
    DATABASE_RIGHT_LACKING,
    Problem,
)
from tests.scratch_databases import scratch_database, text_of

SERVERS = ("mariadb", "postgresql")
USER = "lesser_of_tests"
PASSWORD = "pencil Hafen 'ß' 16%"
RIGHTS = {"mariadb": "SELECT, INSERT, UPDATE, DELETE", "postgresql": "CONNECT"}


@contextmanager
def lesser_user(server: sa.URL, url: sa.URL, rights: str) -> Iterator[sa.URL]:
    """A user with these rights on the database alone; the address with that user's log-in."""
    maria = server.get_backend_name() == "mysql"
    name = f"{USER}@localhost" if maria else USER
    word = PASSWORD.replace("'", "''").replace("%", "%%")
    made = f"CREATE USER {name} " + (
        f"IDENTIFIED BY '{word}'" if maria else f"LOGIN PASSWORD '{word}'"
    )
    where = f"{url.database}.*" if maria else f"DATABASE {url.database}"
    engine = sa.create_engine(server, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.exec_driver_sql("SET NAMES utf8mb4" if maria else "SELECT 1")
        conn.exec_driver_sql(made)
        conn.exec_driver_sql(f"GRANT {rights} ON {where} TO {name}")
        try:
            yield url.set(username=USER, password=PASSWORD)
        finally:
            if not maria:
                conn.exec_driver_sql(f"REVOKE ALL ON {where} FROM {name}")
            conn.exec_driver_sql(f"DROP USER {name}")


def title(conn: sa.Connection) -> str | None:
    return conn.scalar(sa.select(server_settings.c.database_title))


@pytest.mark.parametrize("backend", SERVERS)
def test_database_that_is_not_there(
    backend: str, database_server: Callable[[str], sa.URL], library: Library
) -> None:
    url = text_of(database_server(backend).set(database="no_such_database"))
    with pytest.raises(Problem) as caught:
        upgrade(url, library)
    assert caught.value.kind is DATABASE_ABSENT
    database = connect(url, library)
    with pytest.raises(Problem, match="no database of the name in DB_URL"):
        database.read(title)
    database.engine.dispose()


@pytest.mark.parametrize("backend", SERVERS)
def test_log_in_that_is_refused(
    backend: str, database_server: Callable[[str], sa.URL], library: Library
) -> None:
    database = connect(text_of(database_server(backend).set(username="stranger")), library)
    with pytest.raises(Problem) as caught:
        database.read(title)
    assert caught.value.kind is DATABASE_LOGIN_REFUSED
    database.engine.dispose()


@pytest.mark.parametrize("backend", SERVERS)
def test_user_without_the_right_to_create(
    backend: str, database_server: Callable[[str], sa.URL], library: Library
) -> None:
    server = database_server(backend)
    with scratch_database(server) as url, lesser_user(server, url, RIGHTS[backend]) as lesser:
        with pytest.raises(Problem) as caught:
            upgrade(text_of(lesser), library)
        assert caught.value.kind is DATABASE_RIGHT_LACKING
        assert ("CREATE" if backend == "mariadb" else "public") in caught.value.says
        assert "grant that user all rights on this database" in caught.value.do


@pytest.mark.slow
def test_user_without_the_right_to_alter(database_server: Callable[[str], sa.URL]) -> None:
    library = Library({"bmi": BUILT_IN / "bmi"})
    server = database_server("mariadb")
    with (
        scratch_database(server) as url,
        lesser_user(server, url, f"{RIGHTS['mariadb']}, CREATE, REFERENCES, INDEX") as lesser,
    ):
        upgrade(text_of(url), library)
        owner = connect(text_of(url), library)
        without = sa.text("ALTER TABLE bmi DROP COLUMN height_m")
        owner.write(lambda conn: conn.execute(without))
        owner.engine.dispose()
        with pytest.raises(Problem, match="lacks a right on the database: ALTER"):
            upgrade(text_of(lesser), library)


@pytest.mark.parametrize(
    ("backend", "setting"),
    [
        ("mariadb", "SET SESSION wait_timeout = 1"),
        ("postgresql", "SET idle_session_timeout = '1s'"),
    ],
)
def test_connection_that_was_idle_for_too_long_is_replaced(
    server_database: Callable[[str], Database], backend: str, setting: str
) -> None:
    database = server_database(backend)
    assert database.read(title)
    database.engine.dispose()
    with database.engine.connect() as conn:
        first = _number(conn)
        conn.exec_driver_sql(setting)
        conn.commit()
    time.sleep(1.6)
    assert database.read(_number) != first
    assert database.write(title)
    database.engine.dispose()


def _number(conn: sa.Connection) -> int:
    ask = "SELECT CONNECTION_ID()" if conn.dialect.name == "mysql" else "SELECT pg_backend_pid()"
    return int(conn.exec_driver_sql(ask).scalar_one())
