# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealing the audit trail: a chain of signed statements about which rows there are.

A seal covers the ids after those of the seal before it: how many rows there are, the Merkle root over
them, and which ids no row has. A transaction that was still open then may fill such an id; its row is
covered by a later seal, which names it as late. Nobody waits for a seal, and no row is ever written again.
"""

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from camcops.audit.merkle import MerkleTree
from camcops.audit.trail import SIGNED_COLUMNS, key_id, plain
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import audit, audit_seals
from camcops.problems import SEAL_UNREADABLE, Problem

Range = tuple[int, int]
"""First and last id, both included."""

MOST_ROWS: Final = 10_000
"""Rows that one seal covers."""

LATE_SEALS: Final = 120
"""How many seals back a row may still come late: two hours, at one seal a minute."""

LISTS: Final = ("absent", "late")
RANGES_A_STATEMENT: Final = 200
BEFORE_THE_FIRST: Final = hashlib.sha256(b"camcops audit seals").hexdigest()


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal; `previous` is the digest of the one before, `code` reads `<key id>:<HMAC-SHA-256>`."""

    number: int
    first_id: int
    last_id: int
    row_count: int
    root: str
    absent: tuple[Range, ...]
    late: tuple[int, ...]
    previous: str
    sealed_at_utc: dt.datetime
    code: str = ""

    @property
    def content(self) -> bytes:
        """What is signed."""
        return json.dumps(
            [
                "camcops audit seal",
                self.number,
                self.first_id,
                self.last_id,
                self.row_count,
                self.root,
                self.absent,
                self.late,
                self.previous,
                plain(self.sealed_at_utc),
            ],
            separators=(",", ":"),
        ).encode()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content + self.code.encode()).hexdigest()

    def signed(self, key: bytes) -> "Seal":
        values = {name: getattr(self, name) for name in Seal.__slots__}
        return Seal(**{**values, "code": f"{key_id(key)}:{_code(key, self.content)}"})

    def is_genuine(self, keys: Mapping[str, bytes]) -> bool | None:
        """Does the code fit? None if its key is not among these."""
        name, _, code = self.code.partition(":")
        if name not in keys:
            return None
        return hmac.compare_digest(code.encode(), _code(keys[name], self.content).encode())

    def values(self) -> dict[str, Any]:
        """As columns of the table."""
        stored: dict[str, Any] = {name: getattr(self, name) for name in Seal.__slots__}
        for name in LISTS:
            stored[name] = json.dumps(stored[name], separators=(",", ":"))
        return stored


def seal_of(row: Mapping[str, Any]) -> Seal:
    """The seal in a row of the table. Raises ValueError if no seal of ours can look like that."""
    values = {name: row[name] for name in Seal.__slots__}
    try:
        values["absent"] = tuple((int(a), int(b)) for a, b in json.loads(values["absent"]))
        values["late"] = tuple(int(number) for number in json.loads(values["late"]))
    except TypeError as error:
        raise ValueError("not the lists of a seal") from error
    seal = Seal(**values)
    if any(seal.values()[name] != row[name] for name in LISTS):
        raise ValueError("not written as lists of a seal are")
    return seal


def entry(row: Mapping[str, Any]) -> bytes:
    """What a seal says of one row: its id, its content and its code."""
    content = [row["id"], *(plain(row[name]) for name in SIGNED_COLUMNS), row["code"]]
    return json.dumps(content, separators=(",", ":")).encode()


def latest_seal(conn: sa.Connection) -> Seal | None:
    """The newest seal (one statement). Raises Problem if it can't be one."""
    query = sa.select(audit_seals).order_by(audit_seals.c.number.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    try:
        return None if row is None else seal_of(dict(row))
    except ValueError as error:
        raise Problem(SEAL_UNREADABLE) from error


def seal_next(database: Database, key: bytes) -> Seal | None:
    """Seal the next rows, `MOST_ROWS` at most; None if there are none, or another process was quicker."""
    prepared = database.read(_prepared)
    if prepared is None:
        return None
    sealed = prepared.signed(key)
    try:
        database.write(lambda conn: conn.execute(audit_seals.insert(), sealed.values()))
    except IntegrityError:
        return None  # its number is taken: another process sealed the same rows
    return sealed


def _prepared(conn: sa.Connection) -> Seal | None:
    """The next seal, without its code."""
    last = latest_seal(conn)
    sealed_up_to = 0 if last is None else last.last_id
    query = sa.select(audit).order_by(audit.c.id).limit(MOST_ROWS)
    found = conn.execute(query.where(audit.c.id > sealed_up_to)).mappings()
    fresh: list[dict[str, Any]] = [dict(row) for row in found]
    late = [] if last is None else list(_late_rows(conn, last))
    if not fresh and not late:
        return None
    tree = MerkleTree()
    for row in (*late, *fresh):
        tree.add(entry(row))
    ids = [row["id"] for row in fresh]
    return Seal(
        number=1 if last is None else last.number + 1,
        first_id=sealed_up_to + 1,
        last_id=ids[-1] if ids else sealed_up_to,
        row_count=tree.count,
        root=tree.root(),
        absent=tuple(gaps(ids, sealed_up_to + 1)),
        late=tuple(row["id"] for row in late),
        previous=BEFORE_THE_FIRST if last is None else last.digest,
        sealed_at_utc=utc_now(),
    )


def gaps(ids: Iterable[int], first: int) -> Iterator[Range]:
    """The ranges that lie between ascending ids, from `first` on."""
    for number in ids:
        if number > first:
            yield first, number - 1
        first = number + 1


def _late_rows(conn: sa.Connection, last: Seal) -> Iterator[dict[str, Any]]:
    """Rows whose ids were absent when their ranges were sealed, in order of their ids."""
    columns = audit_seals.c
    query = sa.select(columns.absent, columns.late).where(
        columns.number > last.number - LATE_SEALS, columns.number <= last.number
    )
    ranges: list[Range] = []
    known: set[int] = set()
    for absent, late in conn.execute(query):
        ranges += [(first, end) for first, end in json.loads(absent)]
        known.update(json.loads(late))
    ranges.sort()
    for start in range(0, len(ranges), RANGES_A_STATEMENT):
        chosen = [audit.c.id.between(*pair) for pair in ranges[start : start + RANGES_A_STATEMENT]]
        found = sa.select(audit).where(sa.or_(*chosen)).order_by(audit.c.id)
        for row in conn.execute(found).mappings():
            if row["id"] not in known:
                yield dict(row)


def _code(key: bytes, content: bytes) -> str:
    return hmac.new(key, content, hashlib.sha256).hexdigest()
