# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages for what goes wrong: each says what it was and what to do, and gives nothing internal away."""

import logging
import secrets
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFToken, PredicateMismatch
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from camcops import problems
from camcops.problems import Problem
from camcops.web.login import login_page
from camcops.web.policy import may_use_pages
from camcops.web.rendering import environment
from camcops.web.visits import COOKIE

log = logging.getLogger(__name__)

TITLES = {
    400: "That can't be used",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    413: "Too large",
    429: "Too many attempts",
    503: "Not available at the moment",
}

RETRY_AFTER_S = 10
"""When to try again after status 503."""


def problem_page(problem: Problem, request: Request) -> dict[str, Any]:
    """Any problem that a view did not answer itself."""
    status = problem.kind.http
    request.response.status = status
    if status == 503:
        request.response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return {"title": TITLES.get(status, TITLES[400]), "says": problem.says, "do": problem.do}


def not_found(error: Exception, request: Request) -> dict[str, Any]:
    """Unknown pages, and records that are absent or not this user's: all the same."""
    return problem_page(Problem(problems.PAGE_NOT_FOUND), request)


def wrong_method(error: Exception, request: Request) -> dict[str, Any]:
    return problem_page(Problem(problems.PAGE_METHOD), request)


def forbidden(error: Exception, request: Request) -> Any:
    """Strangers meet the log-in form where they stand; it leads back to the page they wanted."""
    user = request.reader
    if user is None or not may_use_pages(user):
        wanted = request.path_qs if request.method == "GET" else None
        return login_page(request, redirect_url=wanted, asked=True, status=403)
    if user.must_change_password:
        return HTTPSeeOther(request.route_path("password"))
    return problem_page(Problem(problems.PAGE_FORBIDDEN), request)


def form_too_old(error: Exception, request: Request) -> dict[str, Any]:
    sent = COOKIE in request.cookies
    return problem_page(
        Problem(problems.FORM_TOO_OLD if sent else problems.COOKIE_MISSING), request
    )


def unreadable(error: Exception, request: Request) -> Response:
    """Addresses and forms that are not UTF-8."""
    return _bare_page(
        request,
        400,
        title=TITLES[400],
        says=(
            "The address or form holds characters that can't be read.",
            "Check the address, or go back and try again.",
        ),
    )


def cut_short(error: Exception, request: Request) -> Response:
    """The client sent its form too slowly; usually nobody is there to read this."""
    return Response(status=408)


def crash(error: Exception, request: Request) -> Response:
    """A fault of ours: logged under a reference number that the page shows."""
    reference = request.environ.get("camcops.request_id") or secrets.token_hex(6)
    log.error("Reference %s: %s", reference, type(error).__name__, exc_info=error)
    return _bare_page(
        request,
        500,
        title="Something went wrong on the server",
        says=(
            "The page could not be made, and nothing was changed. It is not your fault.",
            "Try again in a minute. If it happens again, tell your administrator this reference:",
        ),
        reference=reference,
    )


def _bare_page(
    request: Request, status: int, *, title: str, says: tuple[str, ...], reference: str = ""
) -> Response:
    """A page that needs neither user nor database: they may be what failed."""
    assets = request.registry.assets
    styles = [assets.address(request, name) for name in ("vendor/bootstrap.min.css", "theme.css")]
    page = environment.get_template("bare.html")
    return Response(page.render(title=title, says=says, reference=reference, styles=styles), status)


def includeme(config: Configurator) -> None:
    config.add_exception_view(problem_page, context=Problem, renderer="problem.html")
    config.add_exception_view(form_too_old, context=BadCSRFToken, renderer="problem.html")
    config.add_exception_view(unreadable, context=UnicodeDecodeError)
    config.add_exception_view(cut_short, context=TimeoutError)
    config.add_exception_view(crash, context=Exception)
    config.add_notfound_view(not_found, renderer="problem.html")
    config.add_exception_view(wrong_method, context=PredicateMismatch, renderer="problem.html")
    config.add_forbidden_view(forbidden, renderer="problem.html")
