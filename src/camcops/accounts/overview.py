# SPDX-License-Identifier: GPL-3.0-or-later
"""All users at a glance: three statements, however many there are."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa

from camcops.accounts.permissions import SYSTEM_USER, Permission
from camcops.accounts.signin import LONGEST_LOCK
from camcops.db.instants import utc_now
from camcops.db.schema import account_lockouts, groups, memberships, users


@dataclass(frozen=True, slots=True)
class UserLine:
    """What an administrator asks of a user. Instants are UTC, without a zone.

    `administers` are those of the `groups` in which the user is administrator. A lock holds for some places
    only (see `signin`); `locked_until_utc` is the latest end of one.
    """

    username: str
    fullname: str
    groups: tuple[str, ...]
    administers: tuple[str, ...]
    superuser: bool
    of_a_patients_device: bool
    must_change_password: bool
    locked_until_utc: dt.datetime | None
    last_login_at_utc: dt.datetime | None


def list_users(conn: sa.Connection) -> list[UserLine]:
    """Everybody who can log in, by name: the program's own user is left out."""
    belonging = _memberships(conn)
    locked = _locks(conn)
    query = sa.select(users).where(users.c.username != SYSTEM_USER).order_by(users.c.username)
    return [
        UserLine(
            username=row.username,
            fullname=row.fullname or "",
            groups=tuple(name for name, _ in belonging[row.id]),
            administers=tuple(name for name, administers in belonging[row.id] if administers),
            superuser=bool(row.superuser),
            of_a_patients_device=row.single_patient_pk is not None,
            must_change_password=bool(row.must_change_password),
            locked_until_utc=locked.get(row.username),
            last_login_at_utc=row.last_login_at_utc,
        )
        for row in conn.execute(query)
    ]


def _memberships(conn: sa.Connection) -> defaultdict[int, list[tuple[str, bool]]]:
    administers = memberships.c[Permission.GROUPADMIN.value]
    query = (
        sa.select(memberships.c.user_id, groups.c.name, administers)
        .join(groups, groups.c.id == memberships.c.group_id)
        .order_by(groups.c.name)
    )
    found: defaultdict[int, list[tuple[str, bool]]] = defaultdict(list)
    for user_id, name, is_administrator in conn.execute(query):
        found[user_id].append((name, bool(is_administrator)))
    return found


def _locks(conn: sa.Connection) -> dict[str, dt.datetime]:
    locks, now = account_lockouts.c, utc_now()
    query = (
        sa.select(locks.username, sa.func.max(locks.locked_until).label("locked_until"))
        .where(locks.locked_until > now, locks.locked_until <= now + LONGEST_LOCK)
        .group_by(locks.username)
    )
    return {row.username: row.locked_until for row in conn.execute(query)}
