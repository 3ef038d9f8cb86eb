# SPDX-License-Identifier: GPL-3.0-or-later
"""`/healthz`, for monitors and load balancers: says whether requests can be served, and nothing else."""

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from camcops.operation.health import is_healthy
from camcops.web.policy import site_of


def health(request: Request) -> Response:
    """No session, no data."""
    healthy = is_healthy(site_of(request))
    return Response(
        "ok\n" if healthy else "not ok\n", 200 if healthy else 503, content_type="text/plain"
    )


def includeme(config: Configurator) -> None:
    config.add_view(health, route_name="health", permission=NO_PERMISSION_REQUIRED)
