# SPDX-License-Identifier: GPL-3.0-or-later
"""For people who open a tablet's address in a browser: what it is and where they want to go."""

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED

TABLET_ROUTES = ("tablet_api", "tablet_database")


def signpost(request: Request) -> dict[str, Any]:
    """The server's address as a tablet's user must type it."""
    return {
        "address": request.route_url("tablet_api"),
        "server": request.host.partition(":")[0],
        "port": request.host_port,
        "path": request.route_path("tablet_database").lstrip("/"),
    }


def includeme(config: Configurator) -> None:
    for route in TABLET_ROUTES:
        config.add_view(
            signpost,
            route_name=route,
            request_method="GET",
            permission=NO_PERMISSION_REQUIRED,
            renderer="signpost.html",
        )
