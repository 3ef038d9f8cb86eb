# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit on what strangers at one address may try: passwords of many users, and access keys.

Failures count by address for an hour. Those at places where the user in question is familiar do not count,
and the limit does not hold there: an address that many share goes on for those who work there.
"""

import datetime as dt
from typing import Final

import sqlalchemy as sa

from camcops.db.instants import utc_now
from camcops.db.schema import login_failures
from camcops.problems import ADDRESS_BLOCKED, Problem, minutes_until

WINDOW: Final = dt.timedelta(hours=1)
MOST_FAILURES: Final = 50
"""As many failures of strangers at one address in `WINDOW` block the address for strangers."""

NOBODY: Final = ""
"""Stands for the user name of an attempt that named no user; no user can be called that."""


def blocked_until(conn: sa.Connection, remote_addr: str | None) -> dt.datetime | None:
    """Until when strangers at an address are refused (UTC, without a zone); None if they are not."""
    if not remote_addr:
        return None
    columns = login_failures.c
    # A clock that was put back must not block for longer than from now.
    last = conn.scalar(
        sa.select(columns.login_failure_at)
        .where(
            columns.remote_addr == remote_addr,
            columns.place.is_(None),
            columns.login_failure_at.between(utc_now() - WINDOW, utc_now()),
        )
        .order_by(columns.login_failure_at.desc())
        .limit(1)
        .offset(MOST_FAILURES - 1)
    )
    return None if last is None else last + WINDOW


def refuse_blocked(conn: sa.Connection, remote_addr: str | None) -> None:
    """Raise Problem(ADDRESS_BLOCKED) while strangers at the address are refused."""
    until = blocked_until(conn, remote_addr)
    if until is not None:
        raise Problem(ADDRESS_BLOCKED, until=until, minutes=minutes_until(until, utc_now()))


def note_stranger(conn: sa.Connection, remote_addr: str | None) -> None:
    """Count a failure of somebody who named no user: an unknown access key, for one."""
    conn.execute(
        login_failures.insert().values(
            username=NOBODY, login_failure_at=utc_now(), remote_addr=remote_addr
        )
    )
