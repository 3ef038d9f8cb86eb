# SPDX-License-Identifier: GPL-3.0-or-later
"""Redirects as paths: right under every host name, whatever a proxy in front has told us about it.

WebOb completes each `Location` with scheme and host; behind a front-end server these may be an inner
name that browsers can't reach.
"""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from webob.request import BaseRequest


def with_relative_redirects(application: WSGIApplication) -> WSGIApplication:
    """Wrap an application so that redirects to its own host are sent as paths, never as `//host`."""

    def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        own = BaseRequest(environ).host_url

        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start(status, [_shortened(header, own) for header in headers], *rest)

        return application(environ, begin)

    return serve


def _shortened(header: tuple[str, str], own: str) -> tuple[str, str]:
    name, value = header
    if name.lower() == "location" and value.startswith(own + "/"):
        return name, "/" + value[len(own) :].lstrip("/")
    return header
