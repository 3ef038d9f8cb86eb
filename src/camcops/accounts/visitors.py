# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes with a session's number and token: looked up at each request, with one statement."""

import datetime as dt

import sqlalchemy as sa

from camcops.accounts import sessions as session_rows
from camcops.accounts import users as user_rows
from camcops.accounts.sessions import Session
from camcops.accounts.users import User
from camcops.db.prepared import Prepared
from camcops.db.schema import groups, memberships, sessions, users

_SESSION, _USER = len(session_rows.COLUMNS), len(user_rows.COLUMNS)

_BY_SESSION = Prepared(
    sa.select(
        *session_rows.COLUMNS,
        *(column.label(f"user_{column.name}") for column in user_rows.COLUMNS),
        *(column.label(f"member_{column.name}") for column in user_rows.MEMBERSHIP_COLUMNS),
    )
    .select_from(sessions)
    .outerjoin(users, users.c.id == sessions.c.user_id)
    .outerjoin(memberships, memberships.c.user_id == users.c.id)
    .outerjoin(groups, groups.c.id == memberships.c.group_id)
    .where(sessions.c.id == sa.bindparam("wanted"))
    .order_by(groups.c.name)
)


def find_visitor(
    conn: sa.Connection,
    session_id: int,
    token: str,
    *,
    remote_addr: str | None,
    now: dt.datetime,
    timeout_minutes: int,
    check_ip: bool,
    api: bool,
) -> tuple[Session | None, User | None]:
    """The session, by the rules of `sessions.accepted`, and the user whose it is, if it is somebody's."""
    rows = _BY_SESSION.rows(conn, {"wanted": session_id})
    session = session_rows.accepted(
        rows[0][:_SESSION] if rows else None,
        token,
        remote_addr=remote_addr,
        now=now,
        timeout_minutes=timeout_minutes,
        check_ip=check_ip,
        api=api,
    )
    if session is None or session.user_id is None:
        return session, None
    user, belonging = rows[0][_SESSION:][:_USER], [row[_SESSION + _USER :] for row in rows]
    return session, user_rows.user_of(user, belonging)
