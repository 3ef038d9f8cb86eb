# SPDX-License-Identifier: GPL-3.0-or-later
"""Clearing away what has run out: sessions, locks, failed log-ins, places that nobody uses any more."""

import datetime as dt
from typing import Final

import sqlalchemy as sa

from camcops.accounts import places
from camcops.accounts.signin import LONGEST_LOCK
from camcops.db.instants import utc_now
from camcops.db.schema import (
    account_lockouts,
    login_failures,
    server_settings,
    sessions,
    task_filters,
    users,
)

STRANGERS_FAILURES: Final = dt.timedelta(days=7)
"""How often the failed log-ins of names that don't exist are forgotten."""

OLD_FAILURES: Final = dt.timedelta(days=30)
"""For how long a failed log-in is kept, for administrators to see; it counts for less long."""


def clear_expired(conn: sa.Connection, *, timeout_minutes: int) -> None:
    """Remove expired sessions, task filters that no session refers to, locks that have ended, old failures,
    places long unused, and, once a week, the failures of unknown names. Meant to run often."""
    now = utc_now()
    term = dt.timedelta(minutes=timeout_minutes)
    used = sessions.c.last_activity_utc
    # What lies too far ahead was written while the clock was wrong.
    is_live = used.between(now - term, now + term)
    conn.execute(sessions.delete().where(sa.or_(used.is_(None), sa.not_(is_live))))
    referred = sa.select(sessions.c.task_filter_id).where(sessions.c.task_filter_id.is_not(None))
    conn.execute(task_filters.delete().where(task_filters.c.id.not_in(referred)))
    until = account_lockouts.c.locked_until
    over = sa.or_(until <= now, until > now + LONGEST_LOCK)
    conn.execute(account_lockouts.delete().where(over))
    conn.execute(
        login_failures.delete().where(login_failures.c.login_failure_at < now - OLD_FAILURES)
    )
    places.forget_unused(conn, now)
    if _strangers_are_due(conn, now):
        known = sa.select(users.c.username)
        conn.execute(login_failures.delete().where(login_failures.c.username.not_in(known)))


def _strangers_are_due(conn: sa.Connection, now: dt.datetime) -> bool:
    """True for one caller a week; notes that it is done."""
    last = server_settings.c.last_dummy_login_failure_clearance_at_utc
    noted = conn.execute(
        server_settings.update()
        .where(sa.or_(last.is_(None), last <= now - STRANGERS_FAILURES))
        .values(last_dummy_login_failure_clearance_at_utc=now)
    )
    return noted.rowcount > 0
