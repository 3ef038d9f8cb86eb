# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of browsers and of tablets: who holds which, and until when.

The holder has a number and a token; the database has only a digest of the token, so that a copy of
it opens no session. A session lasts while it is used: its end slides with each use, but is written
at most once a minute.
"""

import datetime as dt
import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from camcops.db.keys import new_key
from camcops.db.schema import sessions, users

TOKEN_BYTES: Final = 16
RENEWAL: Final = dt.timedelta(minutes=1)


COLUMNS: Final = (
    sessions.c.id,
    sessions.c.token,
    sessions.c.user_id,
    sessions.c.ip_address,
    sessions.c.last_activity_utc,
    sessions.c.is_api_session,
    sessions.c.number_to_view,
    sessions.c.form_state,
)
"""What `accepted` needs."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its holder knows it; `last_activity_utc` is UTC without a zone."""

    id: int
    token: str
    user_id: int | None
    is_api: bool
    last_activity_utc: dt.datetime
    number_to_view: int | None = None
    form_state: Any = None

    def __repr__(self) -> str:
        return f"Session(id={self.id}, user_id={self.user_id}, is_api={self.is_api})"

    def due_for_renewal(self, now: dt.datetime) -> bool:
        """Has it been a minute since the last use was written?"""
        return _plain(now) - self.last_activity_utc >= RENEWAL


def accepted(
    values: Sequence[Any] | None,
    token: str,
    *,
    remote_addr: str | None,
    now: dt.datetime,
    timeout_minutes: int,
    check_ip: bool,
    api: bool,
) -> Session | None:
    """The session with these values (of `COLUMNS`), if the token is its own and it is still good.

    It is not, if unused for longer than the time-out; nor from another address, if `check_ip`; nor
    where a tablet's session is presented by a browser or the reverse (`api`).
    """
    if values is None:
        return None
    number, digest, user_id, ip_address, last_activity, is_api, number_to_view, form_state = values
    if not digest or not hmac.compare_digest(digest, _digest(token)):
        return None
    # Not after that long ahead either: a clock that was put back would keep the session open for ever.
    unused = None if last_activity is None else abs(_plain(now) - last_activity)
    if unused is None or unused > dt.timedelta(minutes=timeout_minutes):
        return None
    if bool(is_api) is not api or (check_ip and ip_address != remote_addr):
        return None
    return Session(
        id=number,
        token=token,
        user_id=user_id,
        is_api=api,
        last_activity_utc=last_activity,
        number_to_view=number_to_view,
        form_state=json.loads(form_state) if form_state else None,
    )


def renew(conn: sa.Connection, session: Session, now: dt.datetime) -> None:
    """Write that a session was used."""
    _update(conn, session.id, last_activity_utc=_plain(now))


def start(conn: sa.Connection, *, remote_addr: str | None, now: dt.datetime, api: bool) -> Session:
    """Begin a session of nobody."""
    token = _new_token()
    made = conn.execute(
        sessions.insert().values(
            token=_digest(token),
            ip_address=remote_addr,
            last_activity_utc=_plain(now),
            is_api_session=api,
        )
    )
    return Session(
        id=new_key(made),
        token=token,
        user_id=None,
        is_api=api,
        last_activity_utc=_plain(now),
    )


def log_in(
    conn: sa.Connection,
    session: Session,
    user_id: int,
    *,
    now: dt.datetime,
    password_days: int = 0,
) -> Session:
    """Attach a user to a session, under a new token: one that was known before the log-in opens nothing.

    A browser's session ends the same user's other browser sessions and notes the time of the
    log-in; if `password_days` > 0 and the password is older than that, it must be changed. Tablets'
    sessions do neither.
    """
    token, instant = _new_token(), _plain(now)
    _update(conn, session.id, token=_digest(token), user_id=user_id, last_activity_utc=instant)
    if not session.is_api:
        end_browser_sessions(conn, user_id, but=session.id)
        _note_login(conn, user_id, instant, password_days)
    return Session(
        id=session.id,
        token=token,
        user_id=user_id,
        is_api=session.is_api,
        last_activity_utc=instant,
        number_to_view=session.number_to_view,
    )


def log_out(conn: sa.Connection, session_id: int) -> None:
    """End a session: its token opens nothing any more."""
    _update(conn, session_id, token="", user_id=None, form_state=None)


def destroy(conn: sa.Connection, session_id: int) -> None:
    """Remove a session altogether."""
    conn.execute(sessions.delete().where(sessions.c.id == session_id))


def end_browser_sessions(conn: sa.Connection, user_id: int, *, but: int | None = None) -> None:
    """End a user's browser sessions, except one."""
    doomed = sessions.delete().where(
        sessions.c.user_id == user_id, sa.not_(sa.func.coalesce(sessions.c.is_api_session, False))
    )
    conn.execute(doomed if but is None else doomed.where(sessions.c.id != but))


def end_sessions(conn: sa.Connection, user_id: int) -> None:
    """End all of a user's sessions, tablets' too."""
    conn.execute(sessions.delete().where(sessions.c.user_id == user_id))


def remember(
    conn: sa.Connection, session_id: int, *, number_to_view: int | None, form_state: Any
) -> None:
    """Keep a browser's choices with its session; `form_state` is anything that JSON can say."""
    text = None if form_state is None else json.dumps(form_state)
    _update(conn, session_id, number_to_view=number_to_view, form_state=text)


def _note_login(
    conn: sa.Connection, user_id: int, instant: dt.datetime, password_days: int
) -> None:
    values: dict[str, object] = {"last_login_at_utc": instant}
    if password_days > 0:
        changed = users.c.last_password_change_utc
        stale = sa.or_(changed.is_(None), changed < instant - dt.timedelta(days=password_days))
        values["must_change_password"] = sa.case(
            (stale, sa.true()), else_=users.c.must_change_password
        )
    conn.execute(users.update().where(users.c.id == user_id).values(**values))


def _update(conn: sa.Connection, session_id: int, **values: object) -> None:
    conn.execute(sessions.update().where(sessions.c.id == session_id).values(**values))


def _new_token() -> str:
    """16 random bytes as URL-safe base64 with padding: 24 characters."""
    return urlsafe_b64encode(secrets.token_bytes(TOKEN_BYTES)).decode("ascii")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(now: dt.datetime) -> dt.datetime:
    """An instant as DATETIME columns hold it."""
    if now.tzinfo is not None:
        now = now.astimezone(dt.UTC).replace(tzinfo=None)
    return now.replace(microsecond=0)
