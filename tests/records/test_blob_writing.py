# SPDX-License-Identifier: GPL-3.0-or-later
"""Large BLOBs, which go to some databases in portions, arrive whole."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import blobs
from camcops.problems import Problem
from camcops.records import blob_writing
from tests.scratch_databases import set_globally

SIZES = (0, 10, blob_writing.LARGE - 1, blob_writing.LARGE, 2 * blob_writing.LARGE + 12_345)


def row(number: int, content: bytes) -> dict[str, Any]:
    return {
        "id": number,
        "_device_id": 1,
        "_era": "NOW",
        "_current": True,
        "_group_id": 1,
        "tablename": "photo",
        "tablepk": number,
        "fieldname": "photo_blobid",
        "theblob": content,
    }


@pytest.mark.slow
def test_contents_of_all_sizes_are_stored_as_given(database: Database) -> None:
    contents = [Random(size).randbytes(size) for size in SIZES]
    rows = [row(number, content) for number, content in enumerate(contents)]
    database.write(lambda conn: blob_writing.insert(conn, rows))
    query = sa.select(blobs.c.theblob).order_by(blobs.c.id)
    assert database.read(lambda conn: conn.scalars(query).all()) == contents


def test_a_rollback_leaves_nothing_of_a_large_one(sqlite_database: Database) -> None:
    def write_and_fail(conn: sa.Connection) -> None:
        blob_writing.insert(conn, [row(1, bytes(blob_writing.LARGE))])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sqlite_database.write(write_and_fail)
    count = sa.select(sa.func.count()).select_from(blobs)
    assert sqlite_database.read(lambda conn: conn.scalar(count)) == 0


@pytest.mark.parametrize(
    ("packet", "fits", "too_large"),
    [(1 << 20, 900_000, 1_500_000), (16 << 20, 15_000_000, 20_000_000)],
)
def test_pictures_are_refused_in_words_where_the_server_holds_none_so_large(
    server_database: Callable[[str], Database],
    database_server: Callable[[str], sa.URL],
    packet: int,
    fits: int,
    too_large: int,
) -> None:
    database = server_database("mariadb")
    content = Random(1).randbytes(too_large)
    with set_globally(database_server("mariadb"), max_allowed_packet=packet):
        database.engine.dispose()
        database.write(lambda conn: blob_writing.insert(conn, [row(1, content[:fits])]))
        with pytest.raises(Problem, match="does not hold a picture as large as this one"):
            database.write(lambda conn: blob_writing.insert(conn, [row(2, content)]))
        stored = database.read(lambda conn: conn.scalars(sa.select(blobs.c.theblob)).all())
    database.engine.dispose()
    assert stored == [content[:fits]]
