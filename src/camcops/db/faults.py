# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of a database driver means: worth another try, database out of reach, or a bug."""

import sqlite3

from sqlalchemy.exc import DBAPIError

# Deadlock; lock wait ended; row changed since it was read (MariaDB's snapshot isolation);
# node not ready to commit (Galera).
MYSQL_TRANSIENT = frozenset({1213, 1205, 1020, 3101})
# Can't connect, lost connection, too many connections, shutting down, unknown host,
# node of a cluster not ready.
MYSQL_UNREACHABLE = frozenset({2002, 2003, 2005, 2006, 2013, 2055, 1040, 1053, 1047, 1203, 4031})
# Connection killed as the server ends; interrupted as it ends.
MYSQL_ENDING = frozenset({1927, 1317})
# Disk full, seen by the server or by one of its engines; error while writing a file.
MYSQL_FULL = frozenset({1021, 1114, 3, 1026})
# The server only reads: it is a replica, or became one.
MYSQL_READ_ONLY = frozenset({1290, 1836})
MYSQL_REFUSED = frozenset({1044, 1045, 1049, 1698})
# Serialization failure, deadlock, lock not available.
POSTGRESQL_TRANSIENT = frozenset({"40001", "40P01", "55P03"})
POSTGRESQL_REFUSED = ("28", "3D")
POSTGRESQL_UNREACHABLE = ("08", "57P", "53300")
POSTGRESQL_FULL = "53100"
SQLITE_TRANSIENT = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
SQLITE_UNREACHABLE = {
    sqlite3.SQLITE_CANTOPEN: "its file can't be opened",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "its disk fails",
    sqlite3.SQLITE_READONLY: "its file can't be written to",
    sqlite3.SQLITE_NOTADB: "its file is not a database",
    sqlite3.SQLITE_CORRUPT: "its file is damaged",
}

DISK_FULL = "the disk is full"
READS_ONLY = "its server takes no changes at present"
CONNECTION_LOST = "the connection broke, or was refused"
LOGIN_REFUSED = "it refuses the user name, password or database name of DB_URL"


def is_transient(error: DBAPIError) -> bool:
    """Has the database undone the transaction (or can we) so that running it again may succeed?"""
    code = code_of(error)
    return (
        code in MYSQL_TRANSIENT
        or code in POSTGRESQL_TRANSIENT
        or _sqlite_code(error) in SQLITE_TRANSIENT
    )


def why_unavailable(error: DBAPIError) -> str | None:
    """Why the database can't be used at all; None if that is not what is wrong."""
    code = code_of(error)
    if code in MYSQL_REFUSED or _begins(code, POSTGRESQL_REFUSED):
        return LOGIN_REFUSED
    if (
        error.connection_invalidated
        or code in MYSQL_UNREACHABLE | MYSQL_ENDING
        or _begins(code, POSTGRESQL_UNREACHABLE)
    ):
        return CONNECTION_LOST
    if code in MYSQL_FULL or code == POSTGRESQL_FULL:
        return DISK_FULL
    if code in MYSQL_READ_ONLY:
        return READS_ONLY
    if code is None and _never_connected(error):
        return CONNECTION_LOST
    sqlite_code = _sqlite_code(error)
    if sqlite_code == sqlite3.SQLITE_READONLY and error.statement != "BEGIN IMMEDIATE":
        return None  # a bug of ours: a write in a transaction that was to read only
    return SQLITE_UNREACHABLE.get(sqlite_code)


def code_of(error: DBAPIError) -> int | str | None:
    """The number of MariaDB and MySQL, or the SQLSTATE of PostgreSQL."""
    cause = error.orig
    arguments = getattr(cause, "args", ())
    if arguments and isinstance(arguments[0], int):
        return arguments[0]  # drivers of MariaDB may give a SQLSTATE too, but a vaguer one
    state = getattr(cause, "sqlstate", None)
    return state if isinstance(state, str) else None


def _begins(code: int | str | None, prefixes: tuple[str, ...]) -> bool:
    return isinstance(code, str) and code.startswith(prefixes)


def _never_connected(error: DBAPIError) -> bool:
    """psycopg gives no code for a failed connection; no statement was running then."""
    return type(error.orig).__module__.startswith("psycopg") and error.statement is None


def _sqlite_code(error: DBAPIError) -> int:
    """The primary result code; 0 if the error isn't SQLite's."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
