# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asking, what they may open, and whether a form came from one of our own pages."""

import hmac
import secrets
from datetime import UTC, datetime

from pyramid.request import Request
from pyramid.security import Allowed, Denied
from sqlalchemy import Connection

from camcops.accounts import sessions
from camcops.accounts.permissions import may_use_web
from camcops.accounts.users import User
from camcops.accounts.visitors import find_visitor
from camcops.site import Site

SIGNED_IN = "signed in"
"""Page permission: logged in, though something (a new password) may be outstanding."""
READER = "reader"
"""Page permission, and the default: logged in, nothing outstanding, may use these pages."""


def site_of(request: Request) -> Site:
    site: Site = request.registry.site
    return site


def may_use_pages(user: User) -> bool:
    """True for those who may use the web view in any of their groups, unless made for a tablet alone."""
    return may_use_web(user) and not user.auto_generated


def user_of(request: Request) -> User | None:
    """The user whose session the browser holds, its activity renewed; None for a stranger."""
    visit = request.visit
    if visit.session_id is None or visit.token is None:
        return None
    site, now = site_of(request), datetime.now(UTC)
    settings = site.settings.site

    def work(conn: Connection) -> tuple[sessions.Session, User | None] | None:
        session, user = find_visitor(
            conn,
            visit.session_id,
            visit.token,
            remote_addr=request.remote_addr or "",
            now=now,
            timeout_minutes=settings.session_timeout_minutes,
            check_ip=settings.session_check_user_ip,
            api=False,
        )
        if session is None or session.user_id is None:
            return None
        return session, user

    found = site.database.read(work)
    if found is None:
        return None
    session, user = found
    if session.due_for_renewal(now):
        site.database.write(lambda conn: sessions.renew(conn, session, now))
    return user


class SessionPolicy:
    """Pyramid's security policy: identity from the session, two page permissions."""

    def identity(self, request: Request) -> User | None:
        user: User | None = request.reader
        return user

    def authenticated_userid(self, request: Request) -> int | None:
        return request.reader.id if request.reader else None

    def permits(self, request: Request, context: object, permission: str) -> Allowed | Denied:
        user: User | None = request.reader
        if user is None or not may_use_pages(user):
            return Denied("not logged in")
        if permission == READER and user.must_change_password:
            return Denied("password must be changed")
        return Allowed("logged in")

    def remember(self, request: Request, userid: int, **kw: object) -> list[tuple[str, str]]:
        return []

    def forget(self, request: Request, **kw: object) -> list[tuple[str, str]]:
        return []


class FormTokens:
    """Pyramid's CSRF storage: the token lives in the signed cookie and is compared in constant time."""

    def new_csrf_token(self, request: Request) -> str:
        request.visit.csrf = secrets.token_urlsafe(24)
        request.visit.changed = True
        return self.get_csrf_token(request)

    def get_csrf_token(self, request: Request) -> str:
        token: str = request.visit.csrf
        return token

    def check_csrf_token(self, request: Request, supplied: str) -> bool:
        return hmac.compare_digest(
            self.get_csrf_token(request).encode(), supplied.encode("utf-8", "replace")
        )
