# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers that a request passes: proxy rewriting, request log, refusal of plain HTTP, application.

So the log shows the rewritten address.
"""

import secrets
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from camcops.config.server import ServerSettings
from camcops.serving.https_only import HttpsOnly
from camcops.serving.log_lines import within_request
from camcops.serving.proxy import ReverseProxy
from camcops.serving.request_log import REQUEST_ID, RequestLog


def compose(application: WSGIApplication, settings: ServerSettings) -> WSGIApplication:
    """Wrap the application as the `[server]` section asks for."""
    application = HttpsOnly(application, settings)
    if settings.show_requests:
        application = RequestLog(application, settings)
    return _numbered(ReverseProxy(application, settings))


def _numbered(application: WSGIApplication) -> WSGIApplication:
    def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        number = environ[REQUEST_ID] = secrets.token_hex(6)
        with within_request(number):
            return application(environ, start)

    return serve
