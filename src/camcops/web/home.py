# SPDX-License-Identifier: GPL-3.0-or-later
"""The main page: find a patient, and the newest tasks."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import Connection

from camcops.records import idnums
from camcops.records.task_filters import TaskFilter
from camcops.web.login import login_page
from camcops.web.policy import may_use_pages, site_of
from camcops.web.task_rows import Listing, listing

NEWEST = 10


def root(request: Request) -> Response:
    """`/` leads to the main page; strangers log in here, with a plain 200 for whoever tests the server."""
    user = request.reader
    if user is not None and may_use_pages(user):
        return HTTPSeeOther(request.route_path("home"))
    return login_page(request, redirect_url=request.route_path("home"), asked=True)


def home(request: Request) -> Any:
    user = request.reader
    if user is None or not may_use_pages(user):
        return login_page(request, redirect_url=request.route_path("home"), asked=True)
    if user.must_change_password:
        return HTTPSeeOther(request.route_path("password"))

    def work(conn: Connection) -> tuple[Listing, Any]:
        newest = listing(request, conn, TaskFilter(), limit=NEWEST, turn={})
        return newest, idnums.definitions(conn)

    newest, kinds = site_of(request).database.read(work)
    return {"newest": newest, "kinds": kinds.values(), "tablet": request.route_url("tablet_api")}


def includeme(config: Configurator) -> None:
    open_to_all = {"permission": NO_PERMISSION_REQUIRED, "request_method": "GET"}
    config.add_view(root, route_name="root", **open_to_all)
    config.add_view(home, route_name="home", renderer="home.html", **open_to_all)
