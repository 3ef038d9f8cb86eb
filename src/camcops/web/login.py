# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in and out, and changing one's own password."""

from datetime import UTC, datetime
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import Connection

from camcops import problems
from camcops.accounts import sessions
from camcops.accounts.housekeeping import clear_expired
from camcops.accounts.passwords import check_password_policy
from camcops.accounts.signin import authenticate
from camcops.accounts.users import NO_SECOND_FACTOR, User, set_password
from camcops.problems import Problem
from camcops.web.forms import LoginForm, PasswordForm
from camcops.web.known_browser import keep_mark, mark_of
from camcops.web.parameters import form_data, same_origin_path
from camcops.web.policy import SIGNED_IN, may_use_pages, site_of

SOURCE = "webviewer"


def login_page(
    request: Request,
    *,
    form: LoginForm | None = None,
    problem: Problem | None = None,
    redirect_url: str | None = None,
    asked: bool = False,
    status: int = 200,
) -> Response:
    """The log-in form: an answer of its own or, where `asked`, in place of a page that needs it."""
    form = form or LoginForm(redirect_url=redirect_url or "")
    values: dict[str, Any] = {"form": form, "problem": problem, "asked": asked}
    is_locked = problem is not None and problem.kind is problems.LOCKED_OUT
    values["locked_until"] = problem.data["until"] if problem and is_locked else None
    values["autocomplete"] = not site_of(request).settings.site.disable_password_autocomplete
    response = render_to_response("login.html", values, request=request)
    response.status = status
    return response


def show_login(request: Request) -> Response:
    return login_page(
        request, redirect_url=same_origin_path(request, request.GET.get("redirect_url"))
    )


def log_in(request: Request) -> Response:
    form = LoginForm(form_data(request))
    if not form.validate():
        return login_page(request, form=form, status=400)
    mark = mark_of(request)
    try:
        user = authenticated(request, str(form.username.data), str(form.password.data), mark)
    except Problem as problem:
        return login_page(request, form=form, problem=problem, status=problem.kind.http)
    begin_session(request, user)
    wanted = same_origin_path(request, form.redirect_url.data)
    response = HTTPSeeOther(wanted or request.route_path("home"))
    keep_mark(request, response, mark)
    return response


def authenticated(request: Request, username: str, password: str, mark: str) -> User:
    """The user who may use these pages; everybody else meets the same refusal as a wrong password."""
    site = site_of(request)
    user = authenticate(
        site.database,
        site.audit,
        site.settings.site,
        username=username,
        password=password,
        source=SOURCE,
        remote_addr=request.remote_addr or "",
        client=mark,
    )
    if not may_use_pages(user):
        raise Problem(problems.BAD_CREDENTIALS)
    if user.mfa_method != NO_SECOND_FACTOR:
        raise Problem(problems.SECOND_FACTOR_UNAVAILABLE)
    return user


def begin_session(request: Request, user: User) -> None:
    """One server-side session with a fresh token; the user's other browser sessions end, and the one
    that this browser held for somebody else.

    What has expired meanwhile is cleared away, so that it can't pile up where no scheduler runs.
    """
    site, address, visit = site_of(request), request.remote_addr or "", request.visit
    former = visit.session_id if request.reader is not None else None

    def work(conn: Connection) -> sessions.Session:
        if former is not None:
            sessions.destroy(conn, former)
        session = new_session(conn, request, user.id)
        site.audit.record(
            conn, source=SOURCE, remote_addr=address, user_id=user.id, details="Login"
        )
        return session

    session = site.database.write(work)
    visit.holds(session.id, session.token)
    minutes = site.settings.site.session_timeout_minutes
    site.database.write(lambda conn: clear_expired(conn, timeout_minutes=minutes))


def new_session(conn: Connection, request: Request, user_id: int) -> sessions.Session:
    """A session of this user, in place of the user's other browser sessions."""
    now, settings = datetime.now(UTC), site_of(request).settings.site
    session = sessions.start(conn, remote_addr=request.remote_addr or "", now=now, api=False)
    return sessions.log_in(
        conn, session, user_id, now=now, password_days=settings.password_change_frequency_days
    )


def log_out(request: Request) -> Response:
    site, visit, user_id = site_of(request), request.visit, request.reader.id

    def work(conn: Connection) -> None:
        sessions.log_out(conn, visit.session_id)
        site.audit.record(
            conn,
            source=SOURCE,
            remote_addr=request.remote_addr,
            user_id=user_id,
            details="Logout",
        )

    site.database.write(work)
    visit.ends()
    visit.tell("success", "You are logged out.")
    return HTTPSeeOther(request.route_path("login"))


def show_password(request: Request) -> dict[str, Any]:
    return {"form": PasswordForm(), "forced": request.reader.must_change_password}


def change_password(request: Request) -> Any:
    form = PasswordForm(form_data(request))
    if form.validate() and _accepted(request, form):
        request.visit.tell("success", "Your password is changed.")
        return HTTPSeeOther(request.route_path("home"))
    request.response.status = 400
    return {"form": form, "forced": request.reader.must_change_password}


def _accepted(request: Request, form: PasswordForm) -> bool:
    """Set the new password if the old one is right and the new one good; else say why at the field.

    Sessions opened with the old one end everywhere; this browser gets a new one.
    """
    user, new = request.reader, str(form.new_password.data)
    field = form.old_password
    try:
        authenticated(request, user.username, str(form.old_password.data), mark_of(request))
        field = form.new_password
        if new == form.old_password.data:
            raise Problem(problems.PASSWORD_UNCHANGED)
        check_password_policy(new)
    except Problem as problem:
        field.errors = [problem.message]
        return False
    site = site_of(request)

    def work(conn: Connection) -> sessions.Session:
        set_password(conn, user.id, new)
        site.audit.record(
            conn,
            source=SOURCE,
            remote_addr=request.remote_addr,
            user_id=user.id,
            details=f"Password changed for user {user.username}",
        )
        return new_session(conn, request, user.id)

    session = site.database.write(work)
    request.visit.holds(session.id, session.token)
    return True


def includeme(config: Configurator) -> None:
    open_to_all = {"permission": NO_PERMISSION_REQUIRED}
    config.add_view(show_login, route_name="login", request_method="GET", **open_to_all)
    config.add_view(log_in, route_name="login", request_method="POST", **open_to_all)
    config.add_view(log_out, route_name="logout", request_method="POST", permission=SIGNED_IN)
    password = {"route_name": "password", "permission": SIGNED_IN, "renderer": "password.html"}
    config.add_view(show_password, request_method="GET", **password)
    config.add_view(change_password, request_method="POST", **password)
