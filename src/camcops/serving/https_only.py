# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusing what has come over plain HTTP, where that can be told.

It can if the front-end server says so in a trusted header, or if `REQUIRE_HTTPS` says that nothing else is to
come. The refusal gives away nothing and sets no cookie; a tablet is told in the form that it understands.
"""

import secrets
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from camcops.config.server import ServerSettings
from camcops.problems import PLAIN_HTTP, Problem
from camcops.serving.proxy import SCHEME_HEADERS
from camcops.tablet_api.replies import CONTENT_TYPE, failure
from camcops.tablet_api.views import ROUTES

NO_SESSION = 0
"""Tablets want a session's number in each reply; nobody holds this one."""

OPEN_PATHS = ("/healthz",)
"""A monitor asks here from the server's own machine."""


class HttpsOnly:
    """WSGI middleware behind `ReverseProxy`, which has taken headers that are not trusted away."""

    def __init__(self, application: WSGIApplication, settings: ServerSettings) -> None:
        self.application = application
        self.required = settings.require_https

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not self._is_plain(environ) or path in OPEN_PATHS:
            return self.application(environ, start)
        problem = Problem(PLAIN_HTTP)
        if environ["REQUEST_METHOD"] == "POST" and path in ROUTES.values():
            status = "200 OK"
            body = failure(problem.message).body(NO_SESSION, secrets.token_urlsafe(16))
        else:
            status, body = f"{problem.kind.http} Forbidden", f"{problem.message}\n".encode()
        start(status, [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body)))])
        return [body]

    def _is_plain(self, environ: WSGIEnvironment) -> bool:
        if environ["wsgi.url_scheme"] == "https":
            return False
        return self.required or any(environ.get(name) for name in SCHEME_HEADERS)
