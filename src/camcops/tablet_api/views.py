# SPDX-License-Identifier: GPL-3.0-or-later
"""The two addresses that tablets post to, and the way of a request from bytes to bytes.

The outcome of an operation is in the body: a failure that its user should read has status 200 too, because
tablets read no other replies.
"""

import logging
import secrets
import traceback

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy.exc import DBAPIError

from camcops.db.faults import code_of
from camcops.problems import DATABASE_UNAVAILABLE, UNEXPECTED_FAILURE, Problem
from camcops.tablet_api.access import Access, Admission, admit, permitted
from camcops.tablet_api.binding import check_device_name
from camcops.tablet_api.calls import Call, Endpoint
from camcops.tablet_api.forms import MalformedForm, OverlongBody, read_form
from camcops.tablet_api.operations import OPERATIONS
from camcops.tablet_api.refused import record_refusal
from camcops.tablet_api.replies import CONTENT_TYPE, NOT_A_REQUEST, Reply, failure
from camcops.tablet_api.requests import (
    NotARequest,
    TabletRequest,
    read_request,
    unknown_operation,
)

log = logging.getLogger(__name__)

RETRY_AFTER_S = 10
"""When to try again after status 503."""

ROUTES = {"tablet_api": "/api", "tablet_database": "/database"}
_REFUSED_METHODS = ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT")
_MEGABYTE = 1_000_000
_FORM_TYPE = "application/x-www-form-urlencoded"


def includeme(config: Configurator) -> None:
    """Add the routes, their POST views, and a refusal of all methods but POST, GET and HEAD."""
    config.registry.tablet_endpoint = Endpoint(config.registry.site)
    for route, path in ROUTES.items():
        config.add_route(route, path)
        for view, methods in ((post, "POST"), (refuse, _REFUSED_METHODS)):
            config.add_view(
                view,
                route_name=route,
                request_method=methods,
                require_csrf=False,
                permission=NO_PERMISSION_REQUIRED,
            )


def refuse(request: Request) -> Response:
    """The answer to any other method."""
    return Response(status=405, headers={"Allow": "GET, HEAD, POST"})


def post(request: Request) -> Response:
    """One request of a tablet."""
    endpoint: Endpoint = request.registry.tablet_endpoint
    limit = endpoint.site.settings.server.max_upload_mb * _MEGABYTE
    try:
        call = _read(request, limit)
    except (MalformedForm, NotARequest):
        return _response(400, NOT_A_REQUEST)
    except OverlongBody:
        return _response(413, NOT_A_REQUEST)
    except OSError:  # the client sent too slowly, or went away
        return _response(408, NOT_A_REQUEST)
    admission: Admission | None = None
    try:
        admission = admit(endpoint.site, call)
        reply = run(endpoint, call, admission)
    except Problem as problem:
        if problem.kind is DATABASE_UNAVAILABLE or admission is None:
            return _unavailable(problem)
        reply = failure(problem.message)
    except Exception as error:
        unexpected = _unexpected(error, call)
        if admission is None:
            return _unavailable(unexpected)
        reply = failure(unexpected.message)
    session = admission.session
    return _response(200, reply.body(session.id, session.token))


def run(endpoint: Endpoint, request: TabletRequest, admission: Admission) -> Reply:
    """Run the request's operation. Raises `Problem`; nothing is changed then. Some refusals are audited."""
    try:
        return _run(endpoint, request, admission)
    except Problem as problem:
        record_refusal(endpoint.site, request, admission.user, problem)
        raise


def _run(endpoint: Endpoint, request: TabletRequest, admission: Admission) -> Reply:
    request.check()
    assert request.operation is not None
    assert request.device_name is not None
    operation = OPERATIONS.get(request.operation)
    if operation is None:
        raise unknown_operation(request.operation)
    user, group_id = admission.user, None
    if operation.access is not Access.ANYONE:
        user, group_id = permitted(operation.access, admission)
        check_device_name(user, request.device_name)
    work = operation.prepare(Call(endpoint, request, request.device_name, user, group_id))
    database = endpoint.site.database
    return database.write(work) if operation.writes else database.read(work)


def _read(request: Request, limit: int) -> TabletRequest:
    if request.content_type != _FORM_TYPE:
        raise NotARequest
    environ = request.environ
    length = request.content_length
    if length is None and not environ.get("wsgi.input_terminated"):
        length = 0
    form = read_form(environ["wsgi.input"], length, limit)
    return read_request(form, request.remote_addr)


def _unexpected(error: Exception, request: TabletRequest) -> Problem:
    """Log a bug, without the error's own text, which may quote a patient's data."""
    reference = secrets.token_hex(4)
    frames = "".join(traceback.format_tb(error.__traceback__))
    code = code_of(error) if isinstance(error, DBAPIError) else None
    log.error(
        "Reference %s: %s%s in operation %s\n%s",
        reference,
        type(error).__name__,
        "" if code is None else f" {code}",
        request.operation,
        frames,
    )
    return Problem(UNEXPECTED_FAILURE, reference=reference)


def _unavailable(problem: Problem) -> Response:
    """No session could be given, or the database is gone: a tablet tells its user to try again later."""
    response = _response(503, f"{problem.message}\n".encode())
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _response(status: int, body: bytes) -> Response:
    headers = [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body)))]
    return Response(body=body, status=status, headerlist=headers)
