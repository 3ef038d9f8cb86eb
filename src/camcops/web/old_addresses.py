# SPDX-License-Identifier: GPL-3.0-or-later
"""Page addresses of CamCOPS 2.4, which stand in e-mails, exports and FHIR identifiers, lead to ours."""

import re

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPMovedPermanently, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from camcops.web.parameters import same_origin_path
from camcops.web.routes import PK, TABLE

MOVED = {
    "/webview/": "home",
    "/view_tasks": "tasks",
    "/set_filters": "tasks",
    "/change_own_password": "password",
}
VIEWS = {"html": "task", "pdf": "task_pdf", "pdfhtml": "task"}


def moved(request: Request) -> Response:
    """Pages that need no parameters; a filter lived in the old session, so none is carried over."""
    return HTTPMovedPermanently(request.route_path(MOVED[request.path_info]))


def login_moved(request: Request) -> Response:
    wanted = same_origin_path(request, request.GET.get("redirect_url"))
    query = {"redirect_url": wanted} if wanted else None
    return HTTPMovedPermanently(request.route_path("login", _query=query))


def task_moved(request: Request) -> Response:
    """`/task?table_name=…&server_pk=…&viewtype=…`"""
    table, pk = request.GET.get("table_name", ""), request.GET.get("server_pk", "")
    route = VIEWS.get(request.GET.get("viewtype", "html"))
    if route is None or not re.fullmatch(TABLE, table) or not re.fullmatch(PK, pk):
        raise HTTPNotFound
    return HTTPMovedPermanently(request.route_path(route, table=table, pk=pk))


def includeme(config: Configurator) -> None:
    open_to_all = {"permission": NO_PERMISSION_REQUIRED, "request_method": "GET"}
    for path in MOVED:
        name = f"old {path}"
        config.add_route(name, path)
        config.add_view(moved, route_name=name, **open_to_all)
    config.add_route("old /login", "/login")
    config.add_view(login_moved, route_name="old /login", **open_to_all)
    config.add_route("old /task", "/task")
    config.add_view(task_moved, route_name="old /task", **open_to_all)
