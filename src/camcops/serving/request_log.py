# SPDX-License-Identifier: GPL-3.0-or-later
"""One line in the log for each request, without the query string: that can name a patient."""

import logging
from collections.abc import Iterable
from time import monotonic
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from camcops.config.server import ServerSettings

log = logging.getLogger(__name__)

REQUEST_ID = "camcops.request_id"
"""Key of the WSGI environment under which a request's own number stands, in its log lines and on its
error page."""


class RequestLog:
    """WSGI middleware that logs what `SHOW_REQUESTS` and its companions ask for."""

    def __init__(self, application: WSGIApplication, settings: ServerSettings) -> None:
        self.application = application
        self.at_once = settings.show_request_immediately
        self.response = settings.show_response
        self.timing = settings.show_timing

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        begun = monotonic()
        status = ["-"]

        def remember(line: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            status[0] = line.split(" ", 1)[0]
            return start(line, headers, *rest)

        if self.at_once:
            log.info("Request from %s", _described(environ))
        answer = self.application(environ, remember)
        line = ("Response to " if self.at_once else "Request from ") + _described(environ)
        if self.response or self.at_once:
            line += f" -> {status[0]}"
        if self.timing:
            line += f" [{monotonic() - begun:.3f} s]"
        log.info("%s", line)
        return answer


def _described(environ: WSGIEnvironment) -> str:
    forwarded = environ.get("HTTP_X_FORWARDED_FOR")
    who = _printable(str(environ.get("REMOTE_ADDR") or "-"))
    if forwarded:
        who += f" [forwarded for {_printable(str(forwarded))}]"
    raw = str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))
    path = quote(raw.encode("latin-1", "replace"), safe="/:@!$&'()*+,;=~")
    method = _printable(str(environ.get("REQUEST_METHOD", "")))
    protocol = environ.get("SERVER_PROTOCOL", "")
    return f'{who}: "{method} {path} {protocol}"'


def _printable(text: str) -> str:
    """No character that could begin a line of its own in the log."""
    return "".join(char if char.isprintable() else "?" for char in text[:200])
