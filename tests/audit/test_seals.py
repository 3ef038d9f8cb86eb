# SPDX-License-Identifier: GPL-3.0-or-later
"""Seals over the audit trail: what they cover, who makes them, and that they leave uploads alone."""

import hashlib
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.audit import seals as sealing
from camcops.audit.merkle import MerkleTree
from camcops.audit.seal_file import append_seals, read_seal_file
from camcops.audit.seals import gaps, latest_seal, seal_next
from camcops.audit.verifying import Period, verify_trail
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import audit, audit_seals
from camcops.problems import Problem
from tests.audit.trails import KEY, KEYS, TRAIL, ids, seal_all, verify, write


def recursive_root(entries: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written there."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    half = 1
    while half * 2 < len(entries):
        half *= 2
    left, right = recursive_root(entries[:half]), recursive_root(entries[half:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("count", range(20))
def test_root_is_that_of_the_standard(count: int) -> None:
    entries = [bytes([number]) for number in range(count)]
    tree = MerkleTree()
    for one in entries:
        tree.add(one)
    assert tree.root() == recursive_root(entries).hex()


@pytest.mark.parametrize(
    ("present", "expected"),
    [([], []), ([1, 2, 3], []), ([3], [(1, 2)]), ([1, 4, 5, 9], [(2, 3), (6, 8)])],
)
def test_gaps(present: list[int], expected: Iterable[tuple[int, int]]) -> None:
    assert list(gaps(present, 1)) == expected


def test_each_row_is_sealed_once_and_found_good(database: Database) -> None:
    assert seal_next(database, KEY) is None
    for count in (3, 1, 7):
        write(database, count)
        seal = seal_next(database, KEY)
        assert seal is not None
        assert seal.row_count == count
        assert seal_next(database, KEY) is None
    write(database, 2)
    seen = verify(database)
    assert (seen.findings, seen.rows, seen.seals, seen.unsealed) == ([], 13, 3, 2)
    assert database.read(latest_seal) == seal


def test_long_trails_are_sealed_in_portions(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "MOST_ROWS", 10)
    write(sqlite_database, 25)
    assert [seal.row_count for seal in seal_all(sqlite_database)] == [10, 10, 5]
    assert verify(sqlite_database).findings == []


def test_row_of_a_transaction_still_open_comes_late(database: Database) -> None:
    """Its id is taken before the seal, its row seen only after it."""
    write(database, 5)
    open_row, later = ids(database)[2], ids(database)[4]
    copy = database.read(
        lambda conn: dict(
            conn.execute(sa.select(audit).where(audit.c.id == open_row)).mappings().one()
        )
    )
    database.write(lambda conn: conn.execute(audit.delete().where(audit.c.id == open_row)))
    (seal,) = seal_all(database)
    assert (seal.absent[-1], seal.last_id) == ((open_row, open_row), later)
    database.write(lambda conn: conn.execute(audit.insert(), copy))
    (after,) = seal_all(database)
    assert (after.late, after.row_count, after.last_id) == ((open_row,), 1, later)
    assert seal_all(database) == []
    assert verify(database).findings == []


def test_of_many_processes_one_makes_each_seal(database: Database) -> None:
    write(database, 20)
    made = []
    barrier = threading.Barrier(6)

    def seal() -> None:
        barrier.wait()
        made.append(seal_next(database, KEY))

    threads = [threading.Thread(target=seal) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([seal for seal in made if seal is not None]) == 1
    assert verify(database).findings == []


def test_file_takes_the_seals_that_it_lacks(sqlite_database: Database, tmp_path: Path) -> None:
    path = tmp_path / "seals"
    made = []
    for _ in range(3):
        write(sqlite_database, 4)
        made += seal_all(sqlite_database)
        append_seals(sqlite_database, path)
    assert append_seals(sqlite_database, path) == 0
    assert list(read_seal_file(path)) == made
    assert path.stat().st_mode & 0o777 == 0o600
    whole = path.read_bytes()
    for cut in (len(whole) - 1, len(whole) - 30, 0):
        path.write_bytes(whole[:cut])
        append_seals(sqlite_database, path)
        assert path.read_bytes() == whole


def test_file_that_knows_more_is_left_as_it_is(sqlite_database: Database, tmp_path: Path) -> None:
    path = tmp_path / "seals"
    write(sqlite_database, 4)
    seal_all(sqlite_database)
    append_seals(sqlite_database, path)
    before = path.read_bytes()
    sqlite_database.write(lambda conn: conn.execute(audit_seals.delete()))
    with pytest.raises(Problem, match="knows seal 1 of the audit trail"):
        append_seals(sqlite_database, path)
    write(sqlite_database, 1)
    seal_all(sqlite_database)
    with pytest.raises(Problem, match="or has otherwise"):
        append_seals(sqlite_database, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ["root:x:0:0\n", "no line of ours"])
def test_foreign_file_is_not_touched(
    sqlite_database: Database, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "passwd"
    path.write_text(content)
    write(sqlite_database, 1)
    seal_all(sqlite_database)
    with pytest.raises(Problem, match="it holds no seals"):
        append_seals(sqlite_database, path)
    assert path.read_text() == content


def test_rows_of_camcops_2_4_are_sealed_and_counted(sqlite_database: Database) -> None:
    old = [{"when_access_utc": utc_now(), "source": "webviewer", "details": str(n)} for n in (1, 2)]
    sqlite_database.write(lambda conn: conn.execute(audit.insert(), old))
    write(sqlite_database, 3)
    seal_all(sqlite_database)
    seen = verify(sqlite_database)
    assert (seen.findings, seen.uncoded) == ([], 2)
    sqlite_database.write(
        lambda conn: conn.execute(audit.update().where(audit.c.id == 1).values(details="other"))
    )
    assert "altered or exchanged" in verify(sqlite_database).findings[0]


def test_period_chooses_the_seals_to_look_into(sqlite_database: Database) -> None:
    write(sqlite_database, 4)
    (seal,) = seal_all(sqlite_database)
    write(sqlite_database, 3)
    start = seal.sealed_at_utc

    def rows(period: Period) -> int:
        return sqlite_database.read(lambda conn: verify_trail(conn, KEYS, period=period)).rows

    assert rows(Period(end=start)) == 0
    assert rows(Period(start=start)) == 7
    assert rows(Period(start=start, end=start.replace(year=start.year + 1))) == 4


def test_rows_and_seals_of_a_former_key_need_it(sqlite_database: Database) -> None:
    write(sqlite_database, 1)
    seal_all(sqlite_database)
    found = sqlite_database.read(lambda conn: verify_trail(conn, {})).findings
    assert found == [
        "Seal 1 was made with a key that is not given.",
        "Row 1 was written with a key that is not given.",
    ]
    assert KEY.hex() not in str(found)
    assert TRAIL.key_id
