# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines: one `sqlalchemy.Engine` for each supported database, set up the same safe way."""

import contextlib
import importlib.util
import logging
import os
import time
import weakref
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from camcops.db.faults import is_transient
from camcops.db.prepared import Prepared
from camcops.problems import DATABASE_URL_UNUSABLE, Problem

log = logging.getLogger(__name__)

READ_ONLY = "camcops_read_only"
"""Execution option of a connection whose next transaction only reads."""

SQLITE_PATIENCE_S = "camcops_sqlite_patience_s"
"""Execution option: how long the connection's next transaction waits to be SQLite's only writer."""

LOCK_WAIT_S = 10
SQLITE_TURN_S = 0.002
"""How long a writer to SQLite waits before it looks again whether the writer of another process is done."""

ANSWER_WITHIN_S = 15
"""How long a program that people wait for should itself wait for one answer of a database server."""

CONNECT_TIMEOUT_S = 5
MYSQL_READ_ONLY = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
POOL_SIZE = 10
POOL_OVERFLOW = 20

MYSQL_SQL_MODE = ",".join(
    [
        "STRICT_ALL_TABLES",
        "ERROR_FOR_DIVISION_BY_ZERO",
        "NO_ZERO_DATE",
        "NO_ZERO_IN_DATE",
        "NO_ENGINE_SUBSTITUTION",
    ]
)


def parse_url(text: str) -> URL:
    """The address of a database, with the driver that we use for it.

    Addresses written for CamCOPS 2.4 (`mysql+mysqldb://…`) keep working. Raises Problem for anything
    else than SQLite (in a file), MariaDB or MySQL, and PostgreSQL.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise Problem(DATABASE_URL_UNUSABLE, reason="it is not an address") from None
    family, _, driver = url.drivername.partition("+")
    match family:
        case "sqlite":
            if not url.database or url.database == ":memory:":
                raise Problem(DATABASE_URL_UNUSABLE, reason="it names no file")
            return url.set(drivername="sqlite+pysqlite")
        case "mysql" | "mariadb":
            chosen = _installed("mysql", driver, ours="pymysql", others={"mysqldb": "MySQLdb"})
            return url.set(drivername=chosen).update_query_dict({"charset": "utf8mb4"})
        case "postgresql" | "postgres":
            return url.set(drivername=_installed("postgresql", driver, ours="psycopg", others={}))
    raise Problem(DATABASE_URL_UNUSABLE, reason=f"“{family}” is not a database that is supported")


def _installed(family: str, driver: str, *, ours: str, others: dict[str, str]) -> str:
    """Our driver, unless another one that works as well is asked for and installed."""
    if driver in others and importlib.util.find_spec(others[driver]):
        return f"{family}+{driver}"
    if driver not in ("", ours):
        log.info("The database driver %s is not used; %s takes its place", driver, ours)
    return f"{family}+{ours}"


def create_engine(text: str, *, echo: bool = False, answer_within_s: int | None = None) -> Engine:
    """An engine for the database at an address; connects to nothing yet.

    A server that has not answered a statement after `answer_within_s` counts as lost; None: it may take as
    long as it likes. It should be above `LOCK_WAIT_S`.
    """
    url = parse_url(text)
    # Values may be patients' data: they stay out of error messages.
    options: dict[str, Any] = {
        "echo": echo,
        "hide_parameters": not echo,
        "pool_size": POOL_SIZE,
        "max_overflow": POOL_OVERFLOW,
    }
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, **options)
        _set_up_sqlite(engine)
    elif url.get_backend_name() == "mysql":
        engine = sa.create_engine(
            url,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "read_timeout": answer_within_s,
                "write_timeout": answer_within_s,
                "sql_mode": MYSQL_SQL_MODE,
            },
            **options,
        )
        _set_up_mysql(engine)
    else:
        engine = sa.create_engine(
            url,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
            **options,
        )
        _set_up_postgresql(engine)
        if answer_within_s is not None:
            _limit_waiting_for_postgresql(engine, answer_within_s)
    _forget_connections_after_fork(engine)
    return engine


_BEGIN_READING = Prepared(sa.text("BEGIN"))
_BEGIN_WRITING = Prepared(sa.text("BEGIN IMMEDIATE"))


def _set_up_sqlite(engine: Engine) -> None:
    """Readers never wait for a writer; a writer takes its lock at once, not half-way."""

    @sa.event.listens_for(engine, "do_connect")
    def _connecting(_dialect: object, _record: object, arguments: Any, _more: object) -> None:
        # A new file is its owner's alone. What stands in the way of making it, SQLite says itself.
        with contextlib.suppress(OSError):
            os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        for pragma in (
            f"busy_timeout = {LOCK_WAIT_S * 1000}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()
        # SQLite's own knows no letters but A to Z.
        connection.create_function("lower", 1, _lower, deterministic=True)

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        sqlite: Any = connection.connection.dbapi_connection
        options = connection.get_execution_options()
        reads = options.get(READ_ONLY, False)
        sqlite.execute(f"PRAGMA query_only = {int(reads)}").close()
        if reads:
            _BEGIN_READING.run(connection)
        else:
            _take_turn(connection, sqlite, options.get(SQLITE_PATIENCE_S, LOCK_WAIT_S))


def _take_turn(connection: Connection, sqlite: Any, patience_s: float) -> None:
    """Begin to write, looking again at even intervals while another process writes.

    SQLite's own intervals grow, to 0.1 s: who had waited longest would look most seldom.
    """
    give_up_at = time.monotonic() + patience_s
    sqlite.execute("PRAGMA busy_timeout = 0").close()
    try:
        while True:
            try:
                return _BEGIN_WRITING.run(connection)
            except sa.exc.OperationalError as error:
                if not is_transient(error) or time.monotonic() > give_up_at:
                    raise
            time.sleep(SQLITE_TURN_S)
    finally:
        sqlite.execute(f"PRAGMA busy_timeout = {LOCK_WAIT_S * 1000}").close()


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _set_up_mysql(engine: Engine) -> None:
    @sa.event.listens_for(engine, "do_connect")
    def _connecting(_dialect: object, _record: object, _arguments: Any, more: Any) -> None:
        # PyMySQL would send the password as Latin-1; the server's own programs set it as UTF-8.
        if engine.dialect.driver == "pymysql" and isinstance(more.get("password"), str):
            more["password"] = more["password"].encode()

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {LOCK_WAIT_S}")

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        if connection.get_execution_options().get(READ_ONLY, False):
            mysql: Any = connection.connection.dbapi_connection
            try:
                with mysql.cursor() as cursor:
                    cursor.execute(MYSQL_READ_ONLY)
            except connection.dialect.loaded_dbapi.Error as error:
                # The connection was lost since the pool looked; here nobody else says so.
                raise sa.exc.OperationalError(
                    MYSQL_READ_ONLY, None, error, connection_invalidated=True
                ) from error


def _set_up_postgresql(engine: Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        from camcops.db.postgresql import BinaryServerCursor

        connection.server_cursor_factory = BinaryServerCursor


def _limit_waiting_for_postgresql(engine: Engine, answer_within_s: int) -> None:
    from camcops.db.postgresql import connect_punctually

    @sa.event.listens_for(engine, "do_connect")
    def _connect(_dialect: object, _record: object, args: Any, kwargs: Any) -> Any:
        return connect_punctually(answer_within_s, *args, **kwargs)

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        # Unlike the other databases, it would wait for locks without end.
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{LOCK_WAIT_S}s'")
        connection.commit()


def reading_options(engine: Engine) -> dict[str, Any]:
    """Execution options of a connection that only reads, and sees one state of the database."""
    if engine.dialect.name == "postgresql":
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return {READ_ONLY: True}


def _forget_connections_after_fork(engine: Engine) -> None:
    """Two processes on one connection would mix their statements: a forked child opens its own."""
    reference = weakref.ref(engine)

    def forget() -> None:
        if (inherited := reference()) is not None:
            inherited.dispose(close=False)

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget)
