# SPDX-License-Identifier: GPL-3.0-or-later
"""Claiming events and saying what became of them.

A worker reads which rows are due, claims one by compare-and-set, works, and reports. The claim has
a term: if the worker dies, the row falls due again when the term ends, so each event is delivered
at least once.
"""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from camcops.db.instants import utc_now
from camcops.db.schema import outbox
from camcops.outbox.events import CLAIMED, DONE, FAILED, WAITING

TERM: Final = dt.timedelta(minutes=10)
MOST_ATTEMPTS: Final = 12
FIRST_PAUSE: Final = dt.timedelta(minutes=1)
LONGEST_PAUSE: Final = dt.timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Claim:
    """An event that one worker holds: `attempt` counts from 1; `ends_at` is UTC without a zone."""

    row_id: int
    token: str
    kind: str
    table_name: str
    server_pk: int
    device_id: int
    group_id: int
    attempt: int
    ends_at: dt.datetime


def due(conn: sa.Connection, *, now: dt.datetime | None = None, limit: int = 100) -> list[int]:
    """The numbers of rows that may be claimed now, longest due first."""
    query = (
        sa.select(outbox.c.id)
        .where(claimable(now or utc_now()))
        .order_by(outbox.c.due_at_utc, outbox.c.id)
        .limit(limit)
    )
    return list(conn.scalars(query))


def claim(
    conn: sa.Connection, row_id: int, *, now: dt.datetime | None = None, term: dt.timedelta = TERM
) -> Claim | None:
    """Take one row for this worker; None if another has it, or it is finished, or not yet due.

    Needs a transaction of its own that commits before the work begins.
    """
    now = now or utc_now()
    token = secrets.token_hex(16)
    taken = conn.execute(
        outbox.update()
        .where(outbox.c.id == row_id, claimable(now))
        .values(
            state=CLAIMED,
            claim=token,
            claimed_until_utc=now + term,
            attempts=outbox.c.attempts + 1,
        )
    )
    if taken.rowcount != 1:
        return None
    row = conn.execute(sa.select(outbox).where(outbox.c.id == row_id)).one()
    return Claim(
        row_id=row.id,
        token=token,
        kind=row.kind,
        table_name=row.table_name,
        server_pk=row.server_pk,
        device_id=row.device_id,
        group_id=row.group_id,
        attempt=row.attempts,
        ends_at=row.claimed_until_utc,
    )


def mark_done(conn: sa.Connection, held: Claim, *, now: dt.datetime | None = None) -> bool:
    """Say that the event was delivered; False if the claim had run out and another worker has the
    row.
    """
    return _settle(conn, held, state=DONE, finished_at_utc=now or utc_now(), failure=None)


def mark_failed(
    conn: sa.Connection, held: Claim, reason: str, *, now: dt.datetime | None = None
) -> bool:
    """Say that delivery failed and why: tried again after a growing pause, at most `MOST_ATTEMPTS` times.

    False if the claim had run out and another worker has the row.
    """
    now = now or utc_now()
    if held.attempt >= MOST_ATTEMPTS:
        return _settle(conn, held, state=FAILED, finished_at_utc=now, failure=reason)
    return _settle(
        conn, held, state=WAITING, due_at_utc=now + pause_after(held.attempt), failure=reason
    )


def pause_after(attempt: int) -> dt.timedelta:
    """How long to wait after the n-th failed attempt: 1, 2, 4, … minutes, at most six hours."""
    return min(FIRST_PAUSE * (1 << (attempt - 1)), LONGEST_PAUSE)


def claimable(now: dt.datetime) -> sa.ColumnElement[bool]:
    """The condition for a row that a worker may take at this time."""
    return sa.or_(
        sa.and_(outbox.c.state == WAITING, _is_over(outbox.c.due_at_utc, now)),
        sa.and_(outbox.c.state == CLAIMED, _is_over(outbox.c.claimed_until_utc, now)),
    )


def _is_over(until: sa.ColumnElement[dt.datetime], now: dt.datetime) -> sa.ColumnElement[bool]:
    """Has a pause or a term ended? So long a one as none is was begun while the clock was wrong."""
    return sa.or_(until <= now, until > now + LONGEST_PAUSE)


def _settle(conn: sa.Connection, held: Claim, **values: object) -> bool:
    settled = conn.execute(
        outbox.update()
        .where(outbox.c.id == held.row_id, outbox.c.claim == held.token)
        .values(claim=None, claimed_until_utc=None, **values)
    )
    return settled.rowcount == 1
