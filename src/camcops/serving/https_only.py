# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is served over plain HTTP, where that can be told: pages are sent on to HTTPS, the rest is refused.

It can be told if the front-end server says so in a trusted header, or if `REQUIRE_HTTPS` says that nothing
else is to come. The answer gives away nothing and sets no cookie; a tablet is told in the form that it
understands, since it must not be led to send its password once more in clear.
"""

import re
import secrets
from collections.abc import Iterable
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from camcops.config.server import HOST_HEADERS, HTTPS_SWITCHES, SCHEME_HEADERS, ServerSettings
from camcops.problems import PLAIN_HTTP, Problem
from camcops.tablet_api.replies import CONTENT_TYPE, failure
from camcops.tablet_api.views import ROUTES
from camcops.web.headers import HOST

NO_SESSION = 0
"""Tablets want a session's number in each reply; nobody holds this one."""

OPEN_PATHS = ("/healthz",)
"""A monitor asks here from the server's own machine."""

_QUERY = re.compile(r"[\x21-\x7e]*")


class HttpsOnly:
    """WSGI middleware behind `ReverseProxy`, which has taken headers that are not trusted away."""

    def __init__(self, application: WSGIApplication, settings: ServerSettings) -> None:
        self.application = application
        self.required = settings.require_https
        self.fixed_host = settings.proxy_http_host

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not self._is_plain(environ) or path in OPEN_PATHS:
            return self.application(environ, start)
        method, headers = environ["REQUEST_METHOD"], {}
        problem = Problem(PLAIN_HTTP)
        status, body = f"{problem.kind.http} Forbidden", f"{problem.message}\n".encode()
        if path in ROUTES.values():
            if method == "POST":
                status = "200 OK"
                body = failure(problem.message).body(NO_SESSION, secrets.token_urlsafe(16))
        elif method in ("GET", "HEAD") and (host := self._public_host(environ)):
            status, body = "301 Moved Permanently", b""
            headers["Location"] = f"https://{host}{_path_and_query(environ)}"
        headers |= {"Content-Type": CONTENT_TYPE, "Content-Length": str(len(body))}
        start(status, list((headers | {"Cache-Control": "no-store"}).items()))
        return [] if method == "HEAD" else [body]

    def _is_plain(self, environ: WSGIEnvironment) -> bool:
        if environ["wsgi.url_scheme"] == "https":
            return False
        told = (*SCHEME_HEADERS, *HTTPS_SWITCHES)
        return self.required or any(environ.get(name) for name in told)

    def _public_host(self, environ: WSGIEnvironment) -> str | None:
        """The host's name as the front-end server told it; None where only the client says it.

        None too with a port: that of HTTPS is another one, and nothing says which.
        """
        if self.fixed_host is None and not any(environ.get(name) for name in HOST_HEADERS):
            return None
        host = str(environ.get("HTTP_HOST", ""))
        has_port = re.search(r":[0-9]+\Z", host) is not None
        return host if HOST.fullmatch(host) and not has_port else None


def _path_and_query(environ: WSGIEnvironment) -> str:
    """What follows the host in the request's address, quoted anew so that it can't end the header."""
    raw = str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))
    path = quote(raw.encode("latin-1", "replace"), safe="/:@!$&'()*+,;=~")
    query = str(environ.get("QUERY_STRING", ""))
    return path + (f"?{query}" if query and _QUERY.fullmatch(query) else "")
