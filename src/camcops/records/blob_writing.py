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
        if writer is not None and len(row.get("theblob") or b"") >= LARGE:
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
    pk = new_key(conn.execute(blobs.insert().values({**row, "theblob": b""})))
    for portion in _portions(content):
        conn.execute(_APPEND, {"wanted": pk, "portion": bytes(portion)})
    size = conn.scalar(sa.select(sa.func.length(blobs.c.theblob)).where(blobs.c._pk == pk))
    if size != len(content):  # the server's max_allowed_packet, which limits CONCAT too
        raise Problem(BLOB_TOO_LARGE, megabytes=len(content) // 1_000_000)


def _portions(content: bytes) -> Iterator[memoryview]:
    whole = memoryview(content)
    for start in range(0, len(content), LARGE):
        yield whole[start : start + LARGE]
