# SPDX-License-Identifier: GPL-3.0-or-later
"""Large BLOBs, which go to some databases in portions, arrive whole."""

from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import blobs
from camcops.records import blob_writing

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
