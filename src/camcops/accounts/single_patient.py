# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that the server makes for patients' own devices, each for one device and one patient."""

import secrets
import string
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from camcops.accounts.passwords import new_password
from camcops.accounts.permissions import Permission
from camcops.accounts.sessions import end_sessions
from camcops.accounts.signin import unlock
from camcops.accounts.users import User, add_membership, create_user, find_user
from camcops.db.instants import utc_now
from camcops.db.schema import memberships, users
from camcops.problems import USER_NAME_TAKEN, Problem

PASSWORD_CHARACTERS: Final = string.ascii_letters + string.digits + string.punctuation
PASSWORD_LENGTH: Final = 32
FLAGS: Final = (Permission.MAY_UPLOAD, Permission.MAY_REGISTER_DEVICES)


def account_name(device_name: str, patient_pk: int) -> str:
    """What the account of a patient (`patient._pk`) on a device is called."""
    return f"user-{device_name}-{patient_pk}"


def is_for_device(user: User, device_name: str) -> bool:
    """Was this account, which the server made, made for this device?"""
    patient_pk = user.username.rpartition("-")[2]
    return patient_pk.isdecimal() and user.username == f"user-{device_name}-{patient_pk}"


def open_account(
    conn: sa.Connection, device_name: str, *, patient_pk: int, group_id: int
) -> tuple[User, str]:
    """Make the account of a patient on a device, or make it anew; the user, and the new password.

    The account can upload into one group and register its device, no more. What it could do before, its
    sessions and its locks are gone. Raises `Problem` if its name can't be used, or is somebody's.
    """
    name = account_name(device_name, patient_pk)
    password = "".join(secrets.choice(PASSWORD_CHARACTERS) for _ in range(PASSWORD_LENGTH))
    known = _named(conn, name) or _make(conn, name, password, patient_pk, group_id)
    if known is not None:
        if not known.auto_generated:
            raise Problem(USER_NAME_TAKEN, name=name)
        _reset(conn, known.id, password, patient_pk, group_id)
    user = _named(conn, name)
    if user is None:
        raise Problem(USER_NAME_TAKEN, name=name)
    conn.execute(memberships.delete().where(memberships.c.user_id == user.id))
    add_membership(conn, user.id, group_id, FLAGS)
    end_sessions(conn, user.id)
    unlock(conn, name)
    return user, password


def _named(conn: sa.Connection, name: str) -> User | None:
    """The user of exactly this name: some databases find one whose capitals differ."""
    user = find_user(conn, name)
    return user if user is not None and user.username == name else None


def _make(
    conn: sa.Connection, name: str, password: str, patient_pk: int, group_id: int
) -> User | None:
    """Make the account; if another request has just made it, it is returned, to be made anew."""
    try:
        with conn.begin_nested():
            create_user(
                conn,
                username=name,
                password=password,
                upload_group_id=group_id,
                auto_generated=True,
                single_patient_pk=patient_pk,
            )
    except IntegrityError:
        return _named(conn, name)
    except Problem as problem:
        if problem.kind is not USER_NAME_TAKEN:
            raise
        return _named(conn, name)
    return None


def _reset(
    conn: sa.Connection, user_id: int, password: str, patient_pk: int, group_id: int
) -> None:
    stored = new_password(password)
    conn.execute(
        users.update()
        .where(users.c.id == user_id)
        .values(
            password_hash=stored.password_hash,
            hashedpw=stored.hashedpw,
            last_password_change_utc=utc_now(),
            must_change_password=False,
            superuser=False,
            upload_group_id=group_id,
            single_patient_pk=patient_pk,
        )
    )
