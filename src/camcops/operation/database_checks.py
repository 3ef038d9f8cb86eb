# SPDX-License-Identifier: GPL-3.0-or-later
"""Checking the database that a configuration names: in reach, current, and set up so that nothing is lost."""

import datetime as dt
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from camcops.db.database import Database
from camcops.db.state import REVISION, require_current
from camcops.operation.findings import Finding, fault, note, warning
from camcops.problems import Problem

PACKET_LEAST: Final = 32 * 1024 * 1024
"""Bytes of one statement: a photograph travels in one."""

CLOCKS_APART_MOST: Final = dt.timedelta(seconds=5)

WHEN_FLUSHED: Final = {
    0: "MariaDB writes commits to disk once a second: if it dies, a second of uploads that tablets were "
    "told are safe is lost. Set innodb_flush_log_at_trx_commit = 1.",
    2: "MariaDB leaves commits to the operating system for a second: if the machine loses power, a second "
    "of uploads that tablets were told are safe is lost. Set innodb_flush_log_at_trx_commit = 1.",
}


def check_database(database: Database) -> Iterator[Finding]:
    """What is wrong with the database, or endangers what is stored in it."""
    subject = "DB_URL"
    url = database.engine.url
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        yield fault(subject, f"There is no file {url.database} yet: upgrade_db makes it.")
        return
    try:
        yield from database.read(lambda conn: list(_settings(conn)))
        require_current(database)
        yield note(subject, f"The database is in reach, at revision {REVISION}.")
    except Problem as problem:
        yield fault(subject, problem.message)
    except DBAPIError as error:
        yield fault(subject, f"The database refuses to be asked ({type(error.orig).__name__}).")


def _settings(conn: sa.Connection) -> Iterator[Finding]:
    match conn.dialect.name:
        case "mysql":
            yield from _mysql(conn)
        case "postgresql":
            yield from _postgresql(conn)
        case _:
            yield from _sqlite(conn)


def _row(conn: sa.Connection, query: str) -> Mapping[str, Any]:
    return {
        str(name): value for name, value in conn.execute(sa.text(query)).mappings().one().items()
    }


def _mysql(conn: sa.Connection) -> Iterator[Finding]:
    found = _row(
        conn,
        """
        SELECT @@character_set_database AS characters, @@max_allowed_packet AS packet,
            @@innodb_flush_log_at_trx_commit AS flushed, @@version AS version,
            UTC_TIMESTAMP(6) AS now,
            (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()
                AND table_type = 'BASE TABLE' AND table_collation NOT LIKE 'utf8mb4%'
                AND table_name NOT LIKE '%alembic%') AS narrow
        """,
    )
    yield note("version", str(found["version"]))
    if found["characters"] != "utf8mb4":
        yield warning(
            "character set",
            f"The database's is {found['characters']}: new tables of other programs could not hold all "
            "characters. ALTER DATABASE … CHARACTER SET utf8mb4.",
        )
    if found["narrow"]:
        yield fault(
            "character set",
            f"{found['narrow']} tables are not in utf8mb4: names and texts with other characters would be "
            "refused. ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4.",
        )
    if found["packet"] < PACKET_LEAST:
        yield warning(
            "max_allowed_packet",
            f"It is {found['packet'] // 1024} KiB: photographs need 32M or more, or can't be uploaded. "
            "Set it under [mysqld], and under [mysqldump] for dumps.",
        )
    if found["flushed"] in WHEN_FLUSHED:
        yield warning("innodb_flush_log_at_trx_commit", WHEN_FLUSHED[found["flushed"]])
    else:
        yield note("innodb_flush_log_at_trx_commit", "1: each commit is on disk before it counts.")
    yield from _clock(found["now"])


def _postgresql(conn: sa.Connection) -> Iterator[Finding]:
    found = _row(
        conn,
        """
        SELECT current_setting('server_encoding') AS characters, current_setting('fsync') AS fsync,
            current_setting('synchronous_commit') AS flushed,
            current_setting('server_version') AS version,
            clock_timestamp() AT TIME ZONE 'UTC' AS now
        """,
    )
    yield note("version", f"PostgreSQL {found['version']}")
    if found["characters"] != "UTF8":
        says = f"The database's encoding is {found['characters']}: make it anew with UTF8."
        yield fault("character set", says)
    if found["flushed"] == "off" or found["fsync"] == "off":
        yield warning(
            "synchronous_commit",
            "It or fsync is off: if the machine dies, uploads that tablets were told are safe are lost. "
            "Set both to on.",
        )
    else:
        yield note("synchronous_commit", "Each commit is on disk before it counts.")
    yield from _clock(found["now"])


def _sqlite(conn: sa.Connection) -> Iterator[Finding]:
    path = Path(str(conn.engine.url.database))
    yield note("version", f"SQLite {conn.scalar(sa.select(sa.func.sqlite_version()))}")
    if path.stat().st_mode & stat.S_IROTH:
        yield warning("DB_URL", f"Everybody on this machine can read {path}: chmod 600 {path}.")
    for needed in (path, path.absolute().parent):
        if not os.access(needed, os.W_OK):
            yield fault("DB_URL", f"This user can't write to {needed}.")


def _clock(now: dt.datetime) -> Iterator[Finding]:
    apart = abs(dt.datetime.now(dt.UTC).replace(tzinfo=None) - now)
    if apart > CLOCKS_APART_MOST:
        yield warning(
            "clock",
            f"The database's clock and this machine's are {apart.total_seconds():.0f} s apart: set both "
            "by the same time server.",
        )
