# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of tablets, and what a user and a device are allowed.

A session only saves the hashing of the password: tablets send name and password with every request, so an
expired or foreign session means no more than another log-in.
"""

import datetime as dt
from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa

from camcops.accounts import sessions
from camcops.accounts.permissions import Permission, may
from camcops.accounts.sessions import Session
from camcops.accounts.signin import authenticate
from camcops.accounts.users import User
from camcops.accounts.visitors import find_visitor
from camcops.db.instants import utc_now
from camcops.problems import (
    BAD_CREDENTIALS,
    DEVICE_NOT_REGISTERED,
    MAY_NOT_REGISTER,
    MAY_NOT_UPLOAD,
    NO_UPLOAD_GROUP,
    NOT_LOGGED_IN,
    Problem,
)
from camcops.site import Site
from camcops.tablet_api.requests import TabletRequest


class Access(Enum):
    """Who may do what: each operation is of one of these classes."""

    ANYONE = "anyone"
    REGISTER = "registration"
    FETCH = "registration or upload"
    UPLOAD = "upload"


_PERMISSIONS = {
    Access.REGISTER: ((Permission.MAY_REGISTER_DEVICES,), MAY_NOT_REGISTER),
    Access.FETCH: ((Permission.MAY_REGISTER_DEVICES, Permission.MAY_UPLOAD), MAY_NOT_REGISTER),
    Access.UPLOAD: ((Permission.MAY_UPLOAD,), MAY_NOT_UPLOAD),
}


@dataclass(frozen=True, slots=True)
class Admission:
    """The session to answer with, the user if one is logged in, and else why not, if that is known."""

    session: Session
    user: User | None
    refusal: Problem | None = None


def admit(site: Site, request: TabletRequest) -> Admission:
    """Resume or begin the request's session, and log its user in if the session has none.

    A failure to log in is no failure yet: the operation decides whether it needs a user.
    """
    now = utc_now()
    session, user = _resume(site, request, now)
    if session is not None and user is not None:
        return Admission(session, user)
    refusal = None
    if request.username is not None and request.password is not None:
        try:
            user = authenticate(
                site.database,
                site.audit,
                site.settings.site,
                username=request.username,
                password=request.password,
                source="tablet",
                remote_addr=request.remote_addr,
                # A registered device's name is random, and nobody else's tablet knows it.
                client=request.device_name,
            )
        except Problem as problem:
            if problem.kind is not BAD_CREDENTIALS:
                refusal = problem

    def begin(conn: sa.Connection) -> Session:
        mine = session or sessions.start(conn, remote_addr=request.remote_addr, now=now, api=True)
        return mine if user is None else sessions.log_in(conn, mine, user.id, now=now)

    return Admission(site.database.write(begin), user, refusal)


def _resume(
    site: Site, request: TabletRequest, now: dt.datetime
) -> tuple[Session | None, User | None]:
    """The session that the request names, if it may go on, and its user, if it has one."""
    session_id, token = request.session_id, request.session_token
    if session_id is None or token is None:
        return None, None

    def look(conn: sa.Connection) -> tuple[Session | None, User | None]:
        return find_visitor(
            conn,
            session_id,
            token,
            remote_addr=request.remote_addr,
            now=now,
            timeout_minutes=site.settings.site.session_timeout_minutes,
            check_ip=site.settings.site.session_check_user_ip,
            api=True,
        )

    session, user = site.database.read(look)
    if session is None:
        return None, None
    if session.user_id is not None and (user is None or user.username != request.username):
        site.database.write(lambda conn: sessions.destroy(conn, session.id))
        return None, None
    if session.due_for_renewal(now):
        site.database.write(lambda conn: sessions.renew(conn, session, now))
    return session, user


def permitted(access: Access, admission: Admission) -> tuple[User, int]:
    """The user and upload group for an operation of a class that needs them. Raises `Problem`."""
    user = admission.user
    if user is None:
        raise admission.refusal or Problem(NOT_LOGGED_IN)
    group_id = user.upload_group_id
    if group_id is None:
        raise Problem(NO_UPLOAD_GROUP, user=user.username)
    permissions, refusal = _PERMISSIONS[access]
    if not any(may(user, permission, group_id) for permission in permissions):
        raise Problem(refusal, user=user.username)
    return user, group_id


def not_registered() -> Problem:
    return Problem(DEVICE_NOT_REGISTERED)
