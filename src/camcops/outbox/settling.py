# SPDX-License-Identifier: GPL-3.0-or-later
"""Events in bulk: those that nobody wants are done at once, and those done long ago are forgotten.

Each call is one portion of a transaction's size; it says how many rows it had, so 0 means that none are left.
"""

import datetime as dt
from typing import Final

import sqlalchemy as sa

from camcops.db.instants import utc_now
from camcops.db.schema import outbox
from camcops.outbox.delivery import claimable
from camcops.outbox.events import DONE, WAITING

PORTION: Final = 1000
KEPT_FOR: Final = dt.timedelta(days=30)
"""How long an event that is done stays, for administrators to see."""


def settle_unwanted(conn: sa.Connection, *, now: dt.datetime | None = None) -> int:
    """Mark events that are due as done, without any delivery: for sites without recipients.

    Another worker's rows are left to it, as long as its claim runs.
    """
    now = now or utc_now()
    ids = list(conn.scalars(sa.select(outbox.c.id).where(claimable(now)).limit(PORTION)))
    if not ids:
        return 0
    settled = conn.execute(
        outbox.update()
        .where(outbox.c.id.in_(sorted(ids)), claimable(now))
        .values(state=DONE, finished_at_utc=now, claim=None, claimed_until_utc=None)
    )
    return settled.rowcount


def forget_done(conn: sa.Connection, *, now: dt.datetime | None = None) -> int:
    """Delete events that were done more than `KEPT_FOR` ago. What failed for good stays."""
    before = (now or utc_now()) - KEPT_FOR
    columns = outbox.c
    # None is done before it is due: that condition is the one which the index knows.
    old = sa.and_(
        columns.state == DONE, columns.due_at_utc < before, columns.finished_at_utc < before
    )
    ids = list(conn.scalars(sa.select(columns.id).where(old).limit(PORTION)))
    if not ids:
        return 0
    return conn.execute(outbox.delete().where(columns.id.in_(sorted(ids)))).rowcount


def count_waiting(conn: sa.Connection) -> int:
    """How many events wait for their first delivery, or for another try."""
    query = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.state == WAITING)
    return conn.scalar(query) or 0
