# SPDX-License-Identifier: GPL-3.0-or-later
"""Means of an attacker: cookies signed as the server signs them, requests as raw bytes."""

import datetime as dt
import socket
from typing import Any

import sqlalchemy as sa

from camcops.accounts import sessions
from camcops.db.database import Database
from camcops.db.schema import users
from camcops.web.visits import COOKIE, VisitCookie
from tests.web.browser import Browser

SECRET = "a secret of the tests"
TOKEN = "the-token-of-forms"


def cookie(visit: dict[str, Any], secret: str = SECRET) -> str:
    """The cookie of a visit, signed."""
    signed: bytes = VisitCookie(secret, secure=False).signed.dumps(visit)
    return signed.decode("ascii")


def in_session(port: int, database: Database, username: str) -> Browser:
    """A browser that holds a session of this user, whether or not the user could log in."""

    def begin(conn: sa.Connection) -> sessions.Session:
        user = conn.scalar(sa.select(users.c.id).where(users.c.username == username))
        assert user is not None
        now = dt.datetime.now(dt.UTC)
        session = sessions.start(conn, remote_addr="127.0.0.1", now=now, api=False)
        return sessions.log_in(conn, session, user, now=now)

    session = database.write(begin)
    visit = {"id": session.id, "token": session.token, "csrf": TOKEN, "say": []}
    return Browser(port, {COOKIE: cookie(visit)})


def raw(port: int, request: bytes, patience_s: float = 10.0) -> bytes:
    """What the server sends back until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), patience_s) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received
