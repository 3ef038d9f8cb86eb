# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of a database driver means: worth another try, database out of reach, or a bug."""

import re
import sqlite3

from sqlalchemy.exc import DBAPIError

from camcops.problems import (
    DATABASE_ABSENT,
    DATABASE_LOGIN_REFUSED,
    DATABASE_RIGHT_LACKING,
    DATABASE_UNAVAILABLE,
    Problem,
)

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
# No such database, or none that this user may know of.
MYSQL_ABSENT = frozenset({1049, 1044})
MYSQL_REFUSED = frozenset({1045, 1698})
# A command denied for a table, a column, a view; a right that counts for the whole server.
MYSQL_RIGHT_LACKING = frozenset({1142, 1143, 1227, 1370})
# Serialization failure, deadlock, lock not available.
POSTGRESQL_TRANSIENT = frozenset({"40001", "40P01", "55P03"})
POSTGRESQL_ABSENT = "3D000"
POSTGRESQL_REFUSED = ("28",)
POSTGRESQL_RIGHT_LACKING = "42501"
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

DENIED = re.compile(r"\b([A-Z][A-Z ,]*) command denied")
SAYS_ABSENT = re.compile(r'FATAL: +database ".*" does not exist')
SAYS_REFUSED = re.compile(r'FATAL: +(password authentication failed|role ".*" does not exist)')
"""What libpq says of a connection that was refused, for which psycopg has no code."""


def is_transient(error: DBAPIError) -> bool:
    """Has the database undone the transaction (or can we) so that running it again may succeed?"""
    code = code_of(error)
    return (
        code in MYSQL_TRANSIENT
        or code in POSTGRESQL_TRANSIENT
        or _sqlite_code(error) in SQLITE_TRANSIENT
    )


def problem_of(error: DBAPIError) -> Problem | None:
    """What to tell people if the database can't be used, or not for this; None if it is something else."""
    code = code_of(error)
    refused = str(error.orig) if _never_connected(error) else ""
    if code in MYSQL_ABSENT or code == POSTGRESQL_ABSENT or SAYS_ABSENT.search(refused):
        return Problem(DATABASE_ABSENT)
    if code in MYSQL_REFUSED or _begins(code, POSTGRESQL_REFUSED) or SAYS_REFUSED.search(refused):
        return Problem(DATABASE_LOGIN_REFUSED)
    if code in MYSQL_RIGHT_LACKING or code == POSTGRESQL_RIGHT_LACKING:
        return Problem(DATABASE_RIGHT_LACKING, right=_right(error))
    reason = why_unavailable(error)
    return None if reason is None else Problem(DATABASE_UNAVAILABLE, reason=reason)


def _right(error: DBAPIError) -> str:
    """The right that was missed; such texts name tables, and no data."""
    if match := DENIED.search(str(error.orig)):
        return match[1]
    message = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    return message if isinstance(message, str) else "one for the whole server"


def why_unavailable(error: DBAPIError) -> str | None:
    """Why the database is out of reach; None if that is not what is wrong."""
    code = code_of(error)
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
