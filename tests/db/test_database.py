# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of work: what is committed, what is rolled back, what is tried again."""

import gc
import os
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from camcops.db import database as database_module
from camcops.db import engine as engine_module
from camcops.db.database import Database, connect
from camcops.db.schema import groups, server_settings, users
from camcops.instruments.library import Library
from camcops.problems import DATABASE_BUSY, DATABASE_UNAVAILABLE, Problem
from tests.statements import count_statements


def _title(connection: Connection) -> str | None:
    return connection.execute(sa.select(server_settings.c.database_title)).scalar_one()


def _retitle(connection: Connection, title: str) -> None:
    connection.execute(sa.update(server_settings).values(database_title=title))


def test_write_commits_and_returns(database: Database) -> None:
    def work(connection: Connection) -> str:
        _retitle(connection, "Ward 7")
        return "done"

    assert database.write(work) == "done"
    assert database.read(_title) == "Ward 7"


def test_an_exception_rolls_back(database: Database) -> None:
    def work(connection: Connection) -> None:
        _retitle(connection, "never")
        raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        database.write(work)
    assert database.read(_title) == "DATABASE_TITLE_UNSET"


def test_reading_can_not_write(database: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        database.read(lambda connection: _retitle(connection, "sneaked in"))
    database.write(lambda connection: _retitle(connection, "openly"))
    assert database.read(_title) == "openly"


def test_a_reader_sees_one_state_throughout(database: Database) -> None:
    def work(connection: Connection) -> tuple[str | None, str | None]:
        before = _title(connection)
        database.write(lambda other: _retitle(other, "changed meanwhile"))
        return before, _title(connection)

    assert database.read(work) == ("DATABASE_TITLE_UNSET", "DATABASE_TITLE_UNSET")
    assert database.read(_title) == "changed meanwhile"


def test_writers_wait_for_a_row_instead_of_losing_an_update(database: Database) -> None:
    database.write(lambda connection: _retitle(connection, "0"))

    def count_up(connection: Connection) -> None:
        locked = sa.select(server_settings.c.database_title).with_for_update()
        count = int(connection.execute(locked).scalar_one() or 0)
        _retitle(connection, str(count + 1))

    threads = [
        threading.Thread(target=lambda: [database.write(count_up) for _ in range(10)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.read(_title) == "40"


@pytest.mark.parametrize("backend", ["mariadb", "postgresql"])
def test_a_deadlock_is_tried_again(backend: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue("server_database")(backend)

    def make(connection: Connection) -> None:
        connection.execute(sa.insert(groups), [{"name": name} for name in ("a", "b")])

    database.write(make)
    meeting = threading.Barrier(2)
    runs = {"ab": 0, "ba": 0}

    def describe(first: str, second: str) -> None:
        order = first + second

        def work(connection: Connection) -> None:
            runs[order] += 1
            for name in (first, second):
                connection.execute(
                    sa.update(groups)
                    .where(groups.c.name == name)
                    .values(
                        description=sa.func.concat(
                            sa.func.coalesce(groups.c.description, ""), order
                        )
                    )
                )
                if name == first and runs[order] == 1:
                    meeting.wait(10)

        database.write(work)

    threads = [threading.Thread(target=describe, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(runs.values()) == 3
    found = database.read(
        lambda connection: connection.execute(sa.select(groups.c.description)).scalars().all()
    )
    assert sorted(found[0] or "") == sorted("abba")
    assert found[0] == found[1]


def test_a_serialization_failure_at_commit_is_tried_again(
    server_database: Callable[[str], Database],
) -> None:
    """Each of two units decides by what the other is about to change."""
    database = server_database("postgresql")
    database.write(lambda c: c.execute(sa.insert(groups), [{"name": "a"}, {"name": "b"}]))
    meeting = threading.Barrier(2)
    runs = {"a": 0, "b": 0}

    def claim(name: str) -> None:
        def work(connection: Connection) -> None:
            runs[name] += 1
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            taken = sa.select(sa.func.count()).where(groups.c.description == "taken")
            free = connection.execute(taken).scalar_one() == 0
            if free:
                mine = sa.update(groups).where(groups.c.name == name)
                connection.execute(mine.values(description="taken"))
            if runs[name] == 1:
                meeting.wait(10)

        database.write(work)

    threads = [threading.Thread(target=claim, args=name) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(runs.values()) == 3
    taken = sa.select(sa.func.count()).where(groups.c.description == "taken")
    assert database.read(lambda connection: connection.execute(taken).scalar_one()) == 1


def test_patience_ends(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "PATIENCE_S", 0.0)
    monkeypatch.setattr(engine_module, "LOCK_WAIT_S", 0)
    other = connect(str(sqlite_database.engine.url), sqlite_database.library)

    def hold(_: Connection) -> None:
        with pytest.raises(Problem) as caught:
            other.write(_title)
        assert caught.value.kind is DATABASE_BUSY

    sqlite_database.write(hold)
    other.engine.dispose()


# PyMySQL leaves the socket of a failed connection to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket")
@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////no/such/folder/x.sqlite",
        "mysql://root@localhost/x?unix_socket=/no/such/socket",
        "postgresql://postgres@/x?host=/no/such/folder",
    ],
)
def test_a_database_out_of_reach(url: str, library: Library) -> None:
    database = connect(url, library)
    with pytest.raises(Problem) as caught:
        database.read(_title)
    assert caught.value.kind is DATABASE_UNAVAILABLE
    assert "no/such" not in caught.value.message
    del caught
    gc.collect()


def test_refused_login(database_server: Callable[[str], sa.URL], library: Library) -> None:
    url = database_server("mariadb").set(username="stranger")
    database = connect(url.render_as_string(hide_password=False), library)
    with pytest.raises(Problem, match="refuses the user name or the password"):
        database.read(_title)
    database.engine.dispose()


def test_a_connection_killed_by_the_server_is_replaced(
    server_database: Callable[[str], Database],
) -> None:
    database = server_database("postgresql")
    kill = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    )
    database.read(_title)

    def lose(connection: Connection) -> None:
        other = sa.create_engine(database.engine.url, poolclass=sa.NullPool)
        with other.begin() as killer:
            killer.execute(kill)
        connection.execute(sa.select(users.c.id))

    with pytest.raises(Problem) as caught:
        database.read(lose)
    assert caught.value.kind is DATABASE_UNAVAILABLE
    assert database.read(_title) == "DATABASE_TITLE_UNSET"


def test_statements_are_counted(database: Database) -> None:
    with count_statements(database) as seen:
        database.read(_title)
        database.write(lambda connection: _retitle(connection, "x"))
    assert [statement.split()[0] for statement in seen] == ["SELECT", "UPDATE"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_opens_its_own_connections(sqlite_database: Database) -> None:
    pool = sqlite_database.engine.pool
    sqlite_database.read(_title)
    before = id(pool)
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write_end, str(id(sqlite_database.engine.pool)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    with os.fdopen(read_end) as told, os.fdopen(write_end, "w") as end:
        end.close()
        assert told.read() != str(before)
    assert id(sqlite_database.engine.pool) == before
