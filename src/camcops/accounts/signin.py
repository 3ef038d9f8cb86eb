# SPDX-License-Identifier: GPL-3.0-or-later
"""Proving who one is by name and password, and what happens after failures; the same for every face.

Failures are counted by user name, whether or not it exists, and by place (`places`): each place that is
familiar to the user has a count of its own, and all strange ones share one. A day later, or at the next
success at the same place, they are forgotten. At each multiple of the threshold the name is locked for
that place, or for all strange ones: the n-th time for n times the set number of minutes. So nobody can
lock out a user where that user works.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from camcops.accounts import places
from camcops.accounts.passwords import StoredPassword, Verdict, hash_password, verify_password
from camcops.accounts.permissions import is_system
from camcops.accounts.throttling import blocked_until
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
from camcops.problems import (
    ADDRESS_BLOCKED,
    BAD_CREDENTIALS,
    LOCKED_OUT,
    Kind,
    Problem,
    minutes_until,
)

if TYPE_CHECKING:
    from camcops.config.site import SiteSettings
    from camcops.db.database import Database


FAILURES_COUNT: Final = dt.timedelta(days=1)
"""For how long a failed log-in counts."""

LONGEST_LOCK: Final = dt.timedelta(days=7)
"""No lock lasts longer; one that would was set while the clock was wrong, and is none."""


@dataclass(frozen=True, slots=True)
class Account:
    """What is known under a user name, and of the places asked from, before the password is looked at."""

    user: User | None
    stored: StoredPassword | None
    locked_until: dt.datetime | None
    blocked_until: dt.datetime | None = None
    has_failures: bool = False
    familiar: Mapping[str, dt.datetime] = field(default_factory=dict)

    def place(self, names: Sequence[str]) -> str | None:
        """The surest familiar one among places; None if all are strange."""
        return _surest(names, self.familiar)


def authenticate(
    database: "Database",
    audit: AuditTrail,
    settings: "SiteSettings",
    *,
    username: str,
    password: str,
    source: str,
    remote_addr: str | None,
    client: str | None = None,
) -> User:
    """The user with this name and password. `client`: what only this tablet or browser has, if anything.

    Raises Problem(LOCKED_OUT) while the name is locked there, whatever the password;
    Problem(ADDRESS_BLOCKED) where strangers at the address have failed too often; and
    Problem(BAD_CREDENTIALS) otherwise if name or password is wrong; that takes equally long for names
    that don't exist. The hash is computed outside any transaction. A failure is recorded and audited at
    once; a success forgets the failures before it, notes the place and renews an old hash. It starts no
    session, and does not ask whether the user may use the face in question.
    """
    names = places.places(remote_addr, client)
    account = database.read(lambda conn: _account(conn, username, names, remote_addr))
    if account.locked_until is not None:
        raise _closed(LOCKED_OUT, account.locked_until)
    if account.blocked_until is not None:
        raise _closed(ADDRESS_BLOCKED, account.blocked_until)
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
                place=account.place(names),
            )
        )
        raise _closed(LOCKED_OUT, locked) if locked else Problem(BAD_CREDENTIALS)
    if verdict is Verdict.RIGHT_BUT_OLD:
        old = account.stored
        renewed = hash_password(password, beside=old.hashedpw)
        database.write(lambda conn: renew_hash(conn, user.id, old, renewed))
    _note_success(database, user, account, names)
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
    place: str | None = None,
) -> dt.datetime | None:
    """Count one failure of a user name, audit it, and lock the name if it is time to.

    `place`: where the user is familiar, None for all other places. Returns until when the name is now
    locked there (UTC, without a zone), or None.
    """
    now = utc_now()
    if not storable_name(username):  # nobody's name, so there is nothing to protect
        _audit(conn, audit, "Failed login", source, remote_addr, user_id)
        return None
    # Failures of one user that arrive at the same moment wait for each other, so that none is miscounted.
    conn.execute(sa.select(users.c.id).where(users.c.id == user_id).with_for_update())
    conn.execute(
        login_failures.insert().values(
            username=username, login_failure_at=now, remote_addr=remote_addr, place=place
        )
    )
    _audit(conn, audit, f"Failed login as user {username}", source, remote_addr, user_id)
    count = conn.scalar(
        sa.select(sa.func.count()).select_from(login_failures).where(*_failures(username, place))
    )
    term = lock_after(
        count or 0, settings.lockout_threshold, settings.lockout_duration_increment_minutes
    )
    if term is None:
        return None
    until = now + term
    conn.execute(
        account_lockouts.insert().values(username=username, locked_until=until, place=place)
    )
    where = "strange places" if place is None else "one familiar place"
    details = f"Account {username} locked for {where} until {until} UTC"
    _audit(conn, audit, details, source, remote_addr, user_id)
    return until


def lock_after(failures: int, threshold: int, increment_minutes: int) -> dt.timedelta | None:
    """How long to lock a name at this number of failures; None if not now."""
    times, rest = divmod(failures, threshold)
    if not times or rest:
        return None
    return min(dt.timedelta(minutes=times * increment_minutes), LONGEST_LOCK)


def unlock(conn: sa.Connection, username: str) -> None:
    """Lift a name's locks and forget its failed log-ins, for all places."""
    conn.execute(account_lockouts.delete().where(account_lockouts.c.username == username))
    conn.execute(login_failures.delete().where(login_failures.c.username == username))


def locked_until(conn: sa.Connection, username: str, place: str | None) -> dt.datetime | None:
    """Until when a user name is locked for a place, or (None) for all that are strange (UTC, without a
    zone); None if it is not.
    """
    columns, now = account_lockouts.c, utc_now()
    until: dt.datetime | None = conn.scalar(
        sa.select(sa.func.max(columns.locked_until)).where(
            columns.username == username,
            columns.locked_until > now,
            columns.locked_until <= now + LONGEST_LOCK,
            columns.place.is_not_distinct_from(place),
        )
    )
    return until


def _account(
    conn: sa.Connection, username: str, names: Sequence[str], remote_addr: str | None
) -> Account:
    if not storable_name(username):
        return Account(None, None, None)
    user = find_user(conn, username)
    if user is None or is_system(user):
        until = locked_until(conn, username, None)
        return Account(None, None, until, blocked_until(conn, remote_addr))
    familiar = places.familiar(conn, user.id, names)
    place = _surest(names, familiar)
    failures = sa.select(login_failures.c.id).where(*_failures(user.username, place))
    return Account(
        user,
        stored_password(conn, user.id),
        locked_until(conn, user.username, place),
        blocked_until(conn, remote_addr) if place is None else None,
        has_failures=conn.execute(failures.limit(1)).first() is not None,
        familiar=familiar,
    )


def _surest(names: Sequence[str], familiar: Mapping[str, dt.datetime]) -> str | None:
    return next((name for name in names if name in familiar), None)


def _failures(username: str, place: str | None) -> tuple[sa.ColumnElement[bool], ...]:
    columns = login_failures.c
    return (
        columns.username == username,
        columns.place.is_not_distinct_from(place),
        columns.login_failure_at > utc_now() - FAILURES_COUNT,
    )


def _note_success(database: "Database", user: User, account: Account, names: Sequence[str]) -> None:
    now = utc_now()
    unnoted = places.unnoted(names, account.familiar, now)
    if not unnoted and not account.has_failures:
        return

    def work(conn: sa.Connection) -> None:
        places.note(conn, user.id, unnoted, now)
        if account.has_failures:
            mine = _failures(user.username, account.place(names))
            conn.execute(login_failures.delete().where(*mine))

    database.write(work)


def _closed(kind: Kind, until: dt.datetime) -> Problem:
    return Problem(kind, until=until, minutes=minutes_until(until, utc_now()))


def _audit(
    conn: sa.Connection,
    audit: AuditTrail,
    details: str,
    source: str,
    remote_addr: str | None,
    user_id: int | None,
) -> None:
    audit.record(conn, source=source, remote_addr=remote_addr, user_id=user_id, details=details)
