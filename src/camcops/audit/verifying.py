# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the audit trail still what was written? Rows against their codes, and against the seals over them.

Found are: rows edited, deleted, inserted, copied or exchanged; seals edited, deleted, inserted or exchanged;
with the file of seals, also a trail cut off at a seal. Not found: rows deleted before they were sealed, and,
without the file, rows cut off the end together with their seals.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from camcops.audit.merkle import MerkleTree
from camcops.audit.seals import BEFORE_THE_FIRST, Range, Seal, entry, seal_of
from camcops.audit.trail import Verdict, verify_row
from camcops.db.schema import audit, audit_seals

ROWS_AT_ONCE: Final = 5000
SEALS_AT_ONCE: Final = 1000
NAMED_MOST: Final = 5
"""How many ranges of ids one finding names."""

Row = Mapping[str, Any]
Keys = Mapping[str, bytes]


@dataclass(slots=True)
class Verification:
    """What was looked at, and what was found; `findings` are plain sentences, none of a patient."""

    rows: int = 0
    seals: int = 0
    unsealed: int = 0
    uncoded: int = 0
    """Rows older than any with a code: CamCOPS 2.4 wrote them, and only seals protect them."""
    findings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Period:
    """The seals to look into: those made within it (UTC, without zone; None: unbounded)."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None

    def __contains__(self, instant: dt.datetime) -> bool:
        return (self.start is None or instant >= self.start) and (
            self.end is None or instant < self.end
        )


ALL_TIME: Final = Period()


def _unwatched(rows: int) -> None:
    """Progress that nobody watches."""


def verify_trail(
    conn: sa.Connection,
    keys: Keys,
    *,
    period: Period = ALL_TIME,
    outside: Iterable[Seal] = (),
    progress: Callable[[int], None] = _unwatched,
) -> Verification:
    """Check the whole chain of seals, and the rows under the seals made in a period.

    `keys` are those in use, now and formerly, by key id. `outside` are the seals of a file. `progress` is
    told the number of rows done. Memory does not grow with the trail.
    """
    seen = Verification()
    late = _check_chain(conn, keys, seen.findings)
    _check_outside(conn, keys, outside, seen.findings)
    walk = _Walk(conn, keys, seen, late, progress)
    sealed_up_to = 0
    for seal in _seals(conn, []):
        if seal.sealed_at_utc in period:
            walk.unsealed(sealed_up_to, seal.first_id - 1)
            walk.under(seal)
        sealed_up_to = seal.last_id
    if period.end is None:
        walk.unsealed(sealed_up_to, None)
    if period == ALL_TIME:
        _check_copies(conn, seen.findings)
    return seen


def _seals(conn: sa.Connection, findings: list[str]) -> Iterator[Seal]:
    """All seals in order; what can't be one is a finding."""
    number: int | None = None
    while True:
        query = sa.select(audit_seals).order_by(audit_seals.c.number).limit(SEALS_AT_ONCE)
        if number is not None:
            query = query.where(audit_seals.c.number > number)
        rows = conn.execute(query).mappings().all()
        if not rows:
            return
        number = rows[-1]["number"]
        for row in rows:
            try:
                yield seal_of(dict(row))
            except ValueError:
                findings.append(f"Seal {row['number']} was altered: it can't be read.")


def _check_chain(conn: sa.Connection, keys: Keys, findings: list[str]) -> set[int]:
    """Check each seal by its code and each against the one before; the ids that came late."""
    late: set[int] = set()
    number, previous, last_id = 0, BEFORE_THE_FIRST, 0
    for seal in _seals(conn, findings):
        genuine = seal.is_genuine(keys)
        if genuine is None:
            findings.append(f"Seal {seal.number} was made with a key that is not given.")
        elif not genuine:
            findings.append(f"Seal {seal.number} was altered: its code doesn't fit.")
        if seal.number != number + 1:
            findings.append(f"Seals {number + 1} to {seal.number - 1} are missing.")
        elif seal.previous != previous or seal.first_id != last_id + 1:
            findings.append(f"Seal {seal.number} does not follow seal {number}.")
        number, previous, last_id = seal.number, seal.digest, seal.last_id
        late.update(seal.late)
    return late


def _check_outside(
    conn: sa.Connection, keys: Keys, outside: Iterable[Seal], findings: list[str]
) -> None:
    """Each seal of the file must be in the database as it is in the file."""
    stored = _seals(conn, [])
    present = next(stored, None)
    last = 0
    for seal in outside:
        if seal.is_genuine(keys) is False:
            findings.append(f"The file's seal {seal.number} was altered: its code doesn't fit.")
        if seal.number != last + 1:
            findings.append(f"The file lacks seals between {last} and {seal.number}.")
        last = seal.number
        while present is not None and present.number < seal.number:
            present = next(stored, None)
        if present is None or present.number != seal.number:
            findings.append(f"Seal {seal.number}, which the file has, is missing in the database.")
        elif present != seal:
            findings.append(f"Seal {seal.number} in the database is not that of the file.")


def _check_copies(conn: sa.Connection, findings: list[str]) -> None:
    """A genuine row that was written a second time carries the code of the first."""
    columns = audit.c
    query = (
        sa.select(sa.func.min(columns.id), sa.func.max(columns.id))
        .where(columns.code.is_not(None))
        .group_by(columns.code)
        .having(sa.func.count() > 1)
    )
    for first, last in conn.execute(query):
        findings.append(f"Row {last} is a copy of row {first}.")


class _Walk:
    """Goes through the rows once, in order of their ids."""

    def __init__(
        self,
        conn: sa.Connection,
        keys: Keys,
        seen: Verification,
        late: set[int],
        progress: Callable[[int], None],
    ) -> None:
        self.conn = conn
        self.keys = keys
        self.seen = seen
        self.late = late
        self.progress = progress
        query = sa.select(audit.c.id).where(audit.c.code.is_not(None)).order_by(audit.c.id)
        self.first_coded: int | None = conn.scalar(query.limit(1))

    def under(self, seal: Seal) -> None:
        """The rows under one seal must be those that it was made over."""
        self.seen.seals += 1
        tree = MerkleTree()
        for row in self._late(seal):
            tree.add(entry(row))
        absent = _Absent(seal)
        missing: list[Range] = []
        inserted: list[Range] = []
        expected = seal.first_id
        for row in self._between(seal.first_id, seal.last_id):
            number = row["id"]
            missing += absent.not_in(expected, number - 1)
            expected = number + 1
            if absent.covers(number):
                if number not in self.late:
                    inserted.append((number, number))
                continue
            tree.add(entry(row))
        missing += absent.not_in(expected, seal.last_id)
        where = f"(seal {seal.number}, {seal.sealed_at_utc} UTC)"
        if missing:
            self.seen.findings.append(f"Deleted: rows {_named(missing)} {where}.")
        if inserted:
            self.seen.findings.append(f"Inserted later: rows {_named(inserted)} {where}.")
        if tree.root() != seal.root and not missing:
            ids = f"{seal.first_id} to {seal.last_id}"
            says = f"Rows {ids} are not those that were sealed: altered or exchanged {where}."
            self.seen.findings.append(says)

    def unsealed(self, after: int, last: int | None) -> None:
        """Rows that no seal covers (yet): each by its code alone."""
        for _ in self._between(after + 1, last):
            self.seen.unsealed += 1

    def _late(self, seal: Seal) -> Iterator[Row]:
        for start in range(0, len(seal.late), ROWS_AT_ONCE):
            chosen = audit.c.id.in_(seal.late[start : start + ROWS_AT_ONCE])
            query = sa.select(audit).where(chosen).order_by(audit.c.id)
            for row in self.conn.execute(query).mappings():
                yield dict(row)

    def _between(self, first: int, last: int | None) -> Iterator[Row]:
        """Rows by id, each checked by its code on the way."""
        while last is None or first <= last:
            query = sa.select(audit).where(audit.c.id >= first).order_by(audit.c.id)
            if last is not None:
                query = query.where(audit.c.id <= last)
            found = self.conn.execute(query.limit(ROWS_AT_ONCE)).mappings()
            rows = [dict(row) for row in found]
            for row in rows:
                self._check(row)
                yield row
            self.seen.rows += len(rows)
            self.progress(self.seen.rows)
            if len(rows) < ROWS_AT_ONCE:
                return
            first = rows[-1]["id"] + 1

    def _check(self, row: Row) -> None:
        match verify_row(row, self.keys):
            case Verdict.ALTERED:
                self.seen.findings.append(f"Row {row['id']} was altered: its code doesn't fit.")
            case Verdict.UNKNOWN_KEY:
                says = f"Row {row['id']} was written with a key that is not given."
                self.seen.findings.append(says)
            case Verdict.UNCODED if self.first_coded is None or row["id"] < self.first_coded:
                self.seen.uncoded += 1
            case Verdict.UNCODED:
                says = f"Row {row['id']} has no code: CamCOPS 2.4 wrote it, or somebody forged it."
                self.seen.findings.append(says)


class _Absent:
    """The ids that a seal says no row had; asked in ascending order."""

    def __init__(self, seal: Seal) -> None:
        self._ranges = iter(seal.absent)
        self._range = next(self._ranges, None)

    def covers(self, number: int) -> bool:
        while self._range is not None and self._range[1] < number:
            self._range = next(self._ranges, None)
        return self._range is not None and self._range[0] <= number

    def not_in(self, first: int, last: int) -> list[Range]:
        """What is not covered of the ids from `first` to `last`."""
        found = []
        while first <= last:
            if self.covers(first):
                assert self._range is not None
                first = self._range[1] + 1
            else:
                end = last if self._range is None else min(last, self._range[0] - 1)
                found.append((first, end))
                first = end + 1
        return found


def _named(ranges: list[Range]) -> str:
    named = ", ".join(
        str(first) if first == last else f"{first} to {last}" for first, last in ranges[:NAMED_MOST]
    )
    return f"{named} …" if len(ranges) > NAMED_MOST else named
