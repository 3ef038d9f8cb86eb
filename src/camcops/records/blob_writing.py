# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing BLOBs. Large ones go to SQLite and MariaDB in portions.

In one piece, SQLite's library would hold two copies more of a photograph, and keep one; PyMySQL, which writes
it into the text of a statement, seven.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from camcops.db.keys import new_key
from camcops.db.schema import blobs
from camcops.problems import BLOB_TOO_LARGE, Problem

LARGE: Final = 2 * 1024 * 1024
"""Bytes from which on a BLOB is large, and of a portion of it."""

SMALL: Final = 128 * 1024
"""Bytes up to which a BLOB fits into any statement."""

REST_OF_STATEMENT: Final = 64 * 1024
PACKET: Final = "camcops_packet"

_APPEND = (
    blobs.update()
    .where(blobs.c._pk == sa.bindparam("wanted"))
    .values(
        theblob=sa.func.concat(blobs.c.theblob, sa.bindparam("portion", type_=blobs.c.theblob.type))
    )
)


def insert(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of `blobs`. Raises `Problem` for one that the database refuses to hold."""
    writer = {"sqlite": _into_sqlite, "mysql": _into_mysql}.get(conn.dialect.name)
    small: list[Mapping[str, Any]] = []
    for row in rows:
        size = len(row.get("theblob") or b"")
        if writer is not None and size > SMALL and size >= _portion(conn):
            writer(conn, row)
        else:
            small.append(row)
    if small:
        conn.execute(blobs.insert(), small)


def _into_sqlite(conn: sa.Connection, row: Mapping[str, Any]) -> None:
    content: bytes = row["theblob"]
    empty = {**row, "theblob": sa.func.zeroblob(len(content))}
    pk = new_key(conn.execute(blobs.insert().values(empty)))
    sqlite: Any = conn.connection.dbapi_connection
    with sqlite.blobopen(blobs.name, blobs.c.theblob.name, pk) as stored:
        for portion in _portions(content):
            stored.write(portion)


def _into_mysql(conn: sa.Connection, row: Mapping[str, Any]) -> None:
    content: bytes = row["theblob"]
    if len(content) > _packet(conn):  # it limits CONCAT, and every answer, as well as statements
        raise Problem(BLOB_TOO_LARGE, megabytes=-(-len(content) // 1_000_000))
    pk = new_key(conn.execute(blobs.insert().values({**row, "theblob": b""})))
    for portion in _portions(content, _portion(conn)):
        conn.execute(_APPEND, {"wanted": pk, "portion": bytes(portion)})


def _portion(conn: sa.Connection) -> int:
    """How many bytes of a BLOB go at once: on MariaDB and MySQL a statement may hold each twice (escaped)."""
    if conn.dialect.name != "mysql":
        return LARGE
    return max(SMALL, min(LARGE, (_packet(conn) - REST_OF_STATEMENT) // 2))


def _packet(conn: sa.Connection) -> int:
    """The server's max_allowed_packet, which stays the same for as long as a connection lives."""
    known = conn.info
    if PACKET not in known:
        known[PACKET] = conn.scalar(sa.text("SELECT @@max_allowed_packet"))
    return int(known[PACKET])


def _portions(content: bytes, size: int = LARGE) -> Iterator[memoryview]:
    whole = memoryview(content)
    for start in range(0, len(content), size):
        yield whole[start : start + size]
