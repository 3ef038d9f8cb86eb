# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and their memberships: reading and changing them."""

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from camcops.accounts.passwords import StoredPassword, new_password
from camcops.accounts.permissions import SYSTEM_USER, Permission
from camcops.accounts.sessions import end_sessions
from camcops.db.instants import utc_now
from camcops.db.keys import new_key
from camcops.db.schema import groups, memberships, users
from camcops.problems import (
    TEXT_TOO_LONG,
    USER_NAME_INVALID,
    USER_NAME_RESERVED,
    USER_NAME_TAKEN,
    Problem,
)

NAME: Final = re.compile(r"[A-Za-z0-9,_{}-]{1,191}")
LONGEST_NAME: Final = 191
LONGEST_TEXT: Final = 255
NO_SECOND_FACTOR: Final = "no_mfa"


@dataclass(frozen=True, slots=True)
class Membership:
    """One user's place in one group, and the permissions that go with it."""

    group_id: int
    group_name: str
    flags: frozenset[Permission]


@dataclass(frozen=True, slots=True)
class User:
    """A user with all memberships. Instants are UTC without a zone; `when_agreed_terms_of_use` is
    ISO text.
    """

    id: int
    username: str
    fullname: str
    email: str
    superuser: bool
    auto_generated: bool
    single_patient_pk: int | None
    language: str | None
    upload_group_id: int | None
    must_change_password: bool
    when_agreed_terms_of_use: str | None
    last_login_at_utc: dt.datetime | None
    last_password_change_utc: dt.datetime | None
    mfa_method: str
    memberships: tuple[Membership, ...]

    @property
    def group_ids(self) -> frozenset[int]:
        return frozenset(membership.group_id for membership in self.memberships)


def load_user(conn: sa.Connection, user_id: int) -> User | None:
    """A user by number (two statements)."""
    return _load(conn, _BY_ID, user_id)


def find_user(conn: sa.Connection, username: str) -> User | None:
    """A user by name (two statements)."""
    if not storable_name(username):
        return None
    return _load(conn, _BY_NAME, username)


def stored_password(conn: sa.Connection, user_id: int) -> StoredPassword | None:
    """What is kept of a user's password; None if there is no such user."""
    row = conn.execute(
        sa.select(users.c.password_hash, users.c.hashedpw).where(users.c.id == user_id)
    ).first()
    return None if row is None else StoredPassword(row.password_hash, row.hashedpw)


def create_user(
    conn: sa.Connection,
    *,
    username: str,
    password: str,
    fullname: str = "",
    email: str = "",
    superuser: bool = False,
    language: str | None = None,
    upload_group_id: int | None = None,
    must_change_password: bool = False,
    auto_generated: bool = False,
    single_patient_pk: int | None = None,
) -> int:
    """Make a user without memberships and return the number.

    Raises Problem if the name is not allowed, reserved or taken, or the password breaks the policy.
    """
    check_username(username)
    for what, text in (("full name", fullname), ("e-mail address", email)):
        if len(text) > LONGEST_TEXT:
            raise Problem(TEXT_TOO_LONG, what=what, maximum=LONGEST_TEXT)
    stored = new_password(password)
    same = sa.select(users.c.id).where(sa.func.lower(users.c.username) == username.lower())
    if conn.scalar(same) is not None:
        raise Problem(USER_NAME_TAKEN, name=username)
    made = conn.execute(
        users.insert().values(
            username=username,
            fullname=fullname or None,
            email=email or None,
            password_hash=stored.password_hash,
            hashedpw=stored.hashedpw,
            last_password_change_utc=utc_now(),
            mfa_method=NO_SECOND_FACTOR,
            hotp_counter=0,
            superuser=superuser,
            must_change_password=must_change_password,
            upload_group_id=upload_group_id,
            language=language,
            auto_generated=auto_generated,
            single_patient_pk=single_patient_pk,
        )
    )
    return new_key(made)


def check_username(username: str) -> None:
    """Raise Problem unless a new user may have this name."""
    if not NAME.fullmatch(username):
        raise Problem(USER_NAME_INVALID, name=username)
    if username.lower() == SYSTEM_USER:
        raise Problem(USER_NAME_RESERVED, name=username)


def storable_name(username: str) -> bool:
    """Could a user in the database have this name at all? Old databases hold names that we would
    not allow.
    """
    return 0 < len(username) <= LONGEST_NAME and "\0" not in username


def set_password(
    conn: sa.Connection, user_id: int, password: str, *, must_change: bool = False
) -> None:
    """Give a user a new password, and end all sessions that the old one opened. Raises Problem if it
    breaks the policy.
    """
    stored = new_password(password)
    _update(
        conn,
        user_id,
        password_hash=stored.password_hash,
        hashedpw=stored.hashedpw,
        last_password_change_utc=utc_now(),
        must_change_password=must_change,
    )
    end_sessions(conn, user_id)


def renew_hash(conn: sa.Connection, user_id: int, old: StoredPassword, password_hash: str) -> None:
    """Keep a better hash of the password the user has; does nothing if that was changed meanwhile."""
    conn.execute(
        users.update()
        .where(
            users.c.id == user_id,
            users.c.hashedpw == old.hashedpw,
            users.c.password_hash.is_not_distinct_from(old.password_hash),
        )
        .values(password_hash=password_hash)
    )


def grant_superuser(conn: sa.Connection, user_id: int) -> None:
    _update(conn, user_id, superuser=True)


def choose_upload_group(conn: sa.Connection, user_id: int, group_id: int | None) -> None:
    _update(conn, user_id, upload_group_id=group_id)


def add_membership(
    conn: sa.Connection, user_id: int, group_id: int, flags: Iterable[Permission] = ()
) -> None:
    """Make a user a member of a group with these permissions; an existing membership gets these
    instead.
    """
    given = frozenset(flags)
    values = {permission.value: permission in given for permission in Permission}
    changed = conn.execute(
        memberships.update()
        .where(memberships.c.user_id == user_id, memberships.c.group_id == group_id)
        .values(values)
    )
    if changed.rowcount == 0:
        conn.execute(memberships.insert().values(user_id=user_id, group_id=group_id, **values))


def _update(conn: sa.Connection, user_id: int, **values: object) -> None:
    conn.execute(users.update().where(users.c.id == user_id).values(**values))


COLUMNS: Final = (
    users.c.id,
    users.c.username,
    users.c.fullname,
    users.c.email,
    users.c.superuser,
    users.c.auto_generated,
    users.c.single_patient_pk,
    users.c.language,
    users.c.upload_group_id,
    users.c.must_change_password,
    users.c.when_agreed_terms_of_use,
    users.c.last_login_at_utc,
    users.c.last_password_change_utc,
    users.c.mfa_method,
)
MEMBERSHIP_COLUMNS: Final = (
    groups.c.id,
    groups.c.name,
    *(memberships.c[permission.value] for permission in Permission),
)
_FLAGS: Final = tuple(Permission)

_BY_ID = sa.select(*COLUMNS).where(users.c.id == sa.bindparam("wanted"))
_BY_NAME = sa.select(*COLUMNS).where(users.c.username == sa.bindparam("wanted"))
_BELONGING = (
    sa.select(*MEMBERSHIP_COLUMNS)
    .join_from(memberships, groups, groups.c.id == memberships.c.group_id)
    .where(memberships.c.user_id == sa.bindparam("user"))
    .order_by(groups.c.name)
)


def user_of(values: Sequence[Any], belonging: Iterable[Sequence[Any]]) -> User | None:
    """The user with these values (of `COLUMNS`) and memberships (`MEMBERSHIP_COLUMNS`), by name of group.

    None, and memberships without a group, are what an outer join gives where there is nothing.
    """
    if values[0] is None:
        return None
    user = dict(zip((column.name for column in COLUMNS), values, strict=True))
    for name in ("fullname", "email"):
        user[name] = user[name] or ""
    for name in ("superuser", "auto_generated", "must_change_password"):
        user[name] = bool(user[name])
    found = [
        Membership(group_id, name, frozenset(itertools.compress(_FLAGS, flags)))
        for group_id, name, *flags in belonging
        if group_id is not None
    ]
    return User(**user, memberships=tuple(found))


def _load(conn: sa.Connection, query: sa.Select[Any], wanted: int | str) -> User | None:
    row = conn.execute(query, {"wanted": wanted}).first()
    if row is None:
        return None
    return user_of(row, conn.execute(_BELONGING, {"user": row.id}))
