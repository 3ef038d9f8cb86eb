# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as lines of JSON: the same in one piece or in many, and few statements for empty tables."""

import json
from pathlib import Path

import pytest

from camcops.db.database import Database
from camcops.db.keeping.archive import back_up, restore
from camcops.db.keeping.portions import PORTION_BYTES
from camcops.db.keeping.rows import Stored, Sum, kept_tables
from camcops.db.schema import blobs
from tests.statements import count_statements


@pytest.mark.parametrize(
    "size", [0, 1, 2, 3, PORTION_BYTES - 1, PORTION_BYTES, 2 * PORTION_BYTES + 1]
)
def test_pictures_come_in_pieces_and_back_whole(size: int) -> None:
    stored = Stored(blobs)
    names = [column.name for column in stored.columns]
    row = tuple(bytes(size) if name == "theblob" else None for name in names)
    pieces = list(stored.encode(row))
    line = b"".join(pieces)
    assert len(json.loads(line)) == len(names)
    assert stored.decode(line, names) == row
    assert max(map(len, pieces)) <= PORTION_BYTES * 4 // 3
    in_pieces, in_one = Sum(), Sum()
    in_pieces.add(pieces)
    in_one.add([line])
    assert in_pieces == in_one


def test_texts_that_look_like_pictures_stay_texts() -> None:
    stored = Stored(blobs)
    names = [column.name for column in stored.columns]
    for text in ("A" * 5000, 'x,"' + "A" * 5000, "A" * 5000 + '"', ',"' + "A" * 5000 + '",'):
        given = {"theblob": bytes(5000), "filename": text}
        row = tuple(given.get(name) for name in names)
        assert stored.decode(b"".join(stored.encode(row)), names) == row


def ignore(table: str, done: int, total: int) -> None:
    assert done < total, table


def test_empty_tables_cost_no_statement_each(sqlite_database: Database, tmp_path: Path) -> None:
    path = tmp_path / "x.backup"
    with count_statements(sqlite_database) as seen:
        back_up(sqlite_database, path, ignore)
    assert len(seen) < 20 < len(kept_tables(sqlite_database))
    with count_statements(sqlite_database) as seen:
        restore(path, sqlite_database, ignore)
    assert len(seen) < 40
