# SPDX-License-Identifier: GPL-3.0-or-later
"""Proving who one is by name and password, and what happens after failures; the same for every face.

Failures are counted by user name, whether or not it exists, and forgotten at the next success. At
each multiple of the threshold the name is locked: the n-th time for n times the set number of
minutes.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from camcops.accounts.passwords import StoredPassword, Verdict, hash_password, verify_password
from camcops.accounts.permissions import is_system
from camcops.accounts.users import (
    User,
    find_user,
    renew_hash,
    storable_name,
    stored_password,
)
from camcops.audit import AuditTrail
from camcops.db.instants import utc_now
from camcops.db.schema import account_lockouts, login_failures, users
from camcops.problems import BAD_CREDENTIALS, LOCKED_OUT, Problem

if TYPE_CHECKING:
    from camcops.config.site import SiteSettings
    from camcops.db.database import Database


@dataclass(frozen=True, slots=True)
class Account:
    """What is known under a user name before the password is looked at."""

    user: User | None
    stored: StoredPassword | None
    locked_until: dt.datetime | None
    has_failures: bool


def authenticate(
    database: "Database",
    audit: AuditTrail,
    settings: "SiteSettings",
    *,
    username: str,
    password: str,
    source: str,
    remote_addr: str | None,
) -> User:
    """The user with this name and password.

    Raises Problem(LOCKED_OUT) while the name is locked, whatever the password, and
    Problem(BAD_CREDENTIALS) otherwise if either is wrong; that takes equally long for names that
    don't exist. The hash is computed outside any transaction. A failure is recorded and audited at
    once; a success forgets the failures before it and renews an old hash. It starts no session, and
    does not ask whether the user may use the face in question.
    """
    account = database.read(lambda conn: _account(conn, username))
    if account.locked_until is not None:
        raise Problem(LOCKED_OUT, until=account.locked_until)
    verdict = verify_password(account.stored, password)
    user = account.user
    if user is None or account.stored is None or verdict is Verdict.WRONG:
        locked = database.write(
            lambda conn: record_failure(
                conn,
                audit,
                settings,
                username=username,
                user_id=None if user is None else user.id,
                source=source,
                remote_addr=remote_addr,
            )
        )
        raise Problem(LOCKED_OUT, until=locked) if locked else Problem(BAD_CREDENTIALS)
    if verdict is Verdict.RIGHT_BUT_OLD:
        old = account.stored
        renewed = hash_password(password, beside=old.hashedpw)
        database.write(lambda conn: renew_hash(conn, user.id, old, renewed))
    if account.has_failures:
        database.write(lambda conn: forget_failures(conn, user.username))
    return user


def record_failure(
    conn: sa.Connection,
    audit: AuditTrail,
    settings: "SiteSettings",
    *,
    username: str,
    user_id: int | None,
    source: str,
    remote_addr: str | None,
) -> dt.datetime | None:
    """Count one failure of a user name, audit it, and lock the name if it is time to.

    Returns until when the name is now locked (UTC, without a zone), or None.
    """
    now = utc_now()
    if not storable_name(username):  # nobody's name, so there is nothing to protect
        _audit(conn, audit, "Failed login", source, remote_addr, user_id)
        return None
    # Failures of one user that arrive at the same moment wait for each other, so that none is miscounted.
    conn.execute(sa.select(users.c.id).where(users.c.id == user_id).with_for_update())
    conn.execute(
        login_failures.insert().values(
            username=username, login_failure_at=now, remote_addr=remote_addr
        )
    )
    _audit(conn, audit, f"Failed login as user {username}", source, remote_addr, user_id)
    count = conn.scalar(
        sa.select(sa.func.count())
        .select_from(login_failures)
        .where(login_failures.c.username == username)
    )
    term = lock_after(
        count or 0, settings.lockout_threshold, settings.lockout_duration_increment_minutes
    )
    if term is None:
        return None
    until = now + term
    conn.execute(account_lockouts.insert().values(username=username, locked_until=until))
    _audit(
        conn, audit, f"Account {username} locked until {until} UTC", source, remote_addr, user_id
    )
    return until


def lock_after(failures: int, threshold: int, increment_minutes: int) -> dt.timedelta | None:
    """How long to lock a name at this number of failures; None if not now."""
    times, rest = divmod(failures, threshold)
    return dt.timedelta(minutes=times * increment_minutes) if times and not rest else None


def forget_failures(conn: sa.Connection, username: str) -> None:
    """Forget a name's failed log-ins, after a success."""
    conn.execute(login_failures.delete().where(login_failures.c.username == username))


def unlock(conn: sa.Connection, username: str) -> None:
    """Lift a name's locks and forget its failed log-ins."""
    conn.execute(account_lockouts.delete().where(account_lockouts.c.username == username))
    forget_failures(conn, username)


def locked_until(conn: sa.Connection, username: str) -> dt.datetime | None:
    """Until when a user name is locked (UTC, without a zone); None if it is not."""
    until: dt.datetime | None = conn.scalar(
        sa.select(sa.func.max(account_lockouts.c.locked_until)).where(
            account_lockouts.c.username == username,
            account_lockouts.c.locked_until > utc_now(),
        )
    )
    return until


def _account(conn: sa.Connection, username: str) -> Account:
    if not storable_name(username):
        return Account(None, None, None, has_failures=False)
    until = locked_until(conn, username)
    user = find_user(conn, username)
    if user is None or is_system(user):
        return Account(None, None, until, has_failures=False)
    failures = sa.select(login_failures.c.id).where(login_failures.c.username == username)
    return Account(
        user,
        stored_password(conn, user.id),
        until,
        has_failures=conn.execute(failures.limit(1)).first() is not None,
    )


def _audit(
    conn: sa.Connection,
    audit: AuditTrail,
    details: str,
    source: str,
    remote_addr: str | None,
    user_id: int | None,
) -> None:
    audit.record(conn, source=source, remote_addr=remote_addr, user_id=user_id, details=details)
