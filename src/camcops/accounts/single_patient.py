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
    user = find_user(conn, name)
    if user is None or user.username != name:
        user = _create(conn, name, password)
    if not user.auto_generated:
        raise Problem(USER_NAME_TAKEN, name=name)
    _reset(conn, user.id, password, patient_pk, group_id)
    conn.execute(memberships.delete().where(memberships.c.user_id == user.id))
    add_membership(conn, user.id, group_id, FLAGS)
    end_sessions(conn, user.id)
    unlock(conn, name)
    return user, password


def _create(conn: sa.Connection, name: str, password: str) -> User:
    try:
        with conn.begin_nested():
            create_user(conn, username=name, password=password, auto_generated=True)
    except IntegrityError:  # the same device registers twice at the same moment
        pass
    made = find_user(conn, name)
    if made is None:
        raise Problem(USER_NAME_TAKEN, name=name)
    return made


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
