# SPDX-License-Identifier: GPL-3.0-or-later
"""Seals left outside the database, a line of JSON each: proof of how far the trail once went."""

import datetime as dt
import importlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import sqlalchemy as sa

from camcops.audit.seals import Seal, seal_of
from camcops.db.database import Database
from camcops.db.schema import audit_seals
from camcops.problems import SEAL_FILE_DIFFERS, SEAL_FILE_UNUSABLE, Problem

SEALS_AT_ONCE: Final = 1000
LONGEST_LINE: Final = 1_000_000
BEGINNING: Final = b'{"number":'
BEYOND: Final = 2**30
"""A byte that no file of seals has, for a lock that keeps nobody from reading."""


def append_seals(database: Database, path: Path) -> int:
    """Append the seals that the file lacks; how many they were.

    Several processes may do so at once. A line that a crash cut short is overwritten. Raises Problem if the
    file can't be written, or knows a seal that the database has not or has otherwise: then it is evidence,
    and stays as it is.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            _take(file)
            return _append(database, file, path)
    except OSError as error:
        raise Problem(SEAL_FILE_UNUSABLE, path=path, reason=error.strerror or error) from error


def _take(file: BinaryIO) -> None:
    """Wait until no other process has the file; it is ours until it is closed."""
    try:
        import fcntl
    except ImportError:  # Windows
        windows = importlib.import_module("msvcrt")
        file.seek(BEYOND)
        windows.locking(file.fileno(), windows.LK_LOCK, 1)
        file.seek(0)
    else:
        fcntl.flock(file, fcntl.LOCK_EX)


def _append(database: Database, file: BinaryIO, path: Path) -> int:
    end, line = _last_line(file)
    last = None if line is None else read_line(line, path)
    if last is not None:
        stored = database.read(lambda conn: _numbered(conn, last.number))
        if stored != last:
            raise Problem(SEAL_FILE_DIFFERS, path=path, number=last.number)
    _drop_unfinished(file, end, path)
    number, count = 0 if last is None else last.number, 0
    while batch := _batch(database, number):
        file.write(b"".join(map(_line, batch)))
        number, count = batch[-1].number, count + len(batch)
    file.flush()
    os.fsync(file.fileno())
    return count


def _batch(database: Database, number: int) -> list[Seal]:
    return database.read(lambda conn: seals_after(conn, number))


def _drop_unfinished(file: BinaryIO, end: int, path: Path) -> None:
    """Cut off what a crash left of a line, if it is one of ours."""
    file.seek(end)
    rest = file.read(len(BEGINNING))
    if not rest:
        return
    if not BEGINNING.startswith(rest):
        raise Problem(SEAL_FILE_UNUSABLE, path=path, reason="it holds no seals")
    file.truncate(end)


def read_seal_file(path: Path) -> Iterator[Seal]:
    """The seals of a file, in its order. Raises Problem if it is not there, or no file of seals."""
    try:
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield read_line(line, path)
    except OSError as error:
        raise Problem(SEAL_FILE_UNUSABLE, path=path, reason=error.strerror or error) from error


def read_line(line: bytes, path: Path) -> Seal:
    """One line of a file of seals."""
    try:
        values: dict[str, Any] = json.loads(line)
        values["sealed_at_utc"] = dt.datetime.fromisoformat(values["sealed_at_utc"])
        return seal_of(values)
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(SEAL_FILE_UNUSABLE, path=path, reason="it holds no seals") from error


def seals_after(conn: sa.Connection, number: int) -> list[Seal]:
    """The next seals after one with this number, `SEALS_AT_ONCE` at most."""
    columns = audit_seals.c
    query = sa.select(audit_seals).where(columns.number > number).order_by(columns.number)
    rows = conn.execute(query.limit(SEALS_AT_ONCE)).mappings()
    return [seal_of(dict(row)) for row in rows]


def _numbered(conn: sa.Connection, number: int) -> Seal | None:
    row = conn.execute(sa.select(audit_seals).where(audit_seals.c.number == number)).mappings()
    found = row.first()
    return None if found is None else seal_of(dict(found))


def _line(seal: Seal) -> bytes:
    values = {**seal.values(), "sealed_at_utc": seal.sealed_at_utc.isoformat()}
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def _last_line(file: BinaryIO) -> tuple[int, bytes | None]:
    """Where the whole lines end, and the last of them."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - LONGEST_LINE)
    file.seek(start)
    end = file.read().rfind(b"\n") + 1
    if end == 0:
        return 0, None
    file.seek(start)
    return start + end, file.read(end).rstrip(b"\n").rpartition(b"\n")[2]
