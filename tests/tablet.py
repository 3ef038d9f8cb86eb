# SPDX-License-Identifier: GPL-3.0-or-later
"""A tablet that talks to the WSGI application in this process, without a network."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from wsgiref.types import WSGIApplication

from camcops.demonstration.tablet import Refused, Tablet

FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of one reply; `lines` is the body read as a tablet reads it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def lines(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in self.body.decode().split("\n"):
            key, colon, value = line.partition(":")
            if colon:
                found[key] = value.lstrip()
        return found


def send(
    application: WSGIApplication,
    body: bytes,
    *,
    method: str = "POST",
    path: str = "/database",
    content_type: str = FORM_TYPE,
    length: int | None = None,
    remote_addr: str = "192.0.2.1",
) -> Answer:
    """Send one request, as raw as it comes."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": remote_addr,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body) if length is None else length),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = [int(status.split()[0]), dict(headers)]

    pieces = application(environ, start_response)
    received = b"".join(pieces)
    return Answer(started[0], started[1], received)


def encoded(form: Mapping[str, str]) -> bytes:
    """A form as tablets send it: sorted, percent-encoded UTF-8."""
    return urlencode(sorted(form.items()), quote_via=quote, safe="").encode("ascii")


@dataclass
class WsgiTablet(Tablet):
    """The demonstration's tablet; its requests go straight into the application."""

    application: WSGIApplication = field(kw_only=True)
    version: str = "2.4.24"

    def form(self, operation: str, **fields: str) -> dict[str, str]:
        common = {
            "camcops_version": self.version,
            "device": self.device,
            "operation": operation,
            "user": self.user,
            "password": self.password,
        }
        return {**common, **self.session, **fields}

    def answer(self, operation: str, **fields: str) -> Answer:
        """The reply to one request, whatever it is."""
        return send(self.application, encoded(self.form(operation, **fields)), path=self.address)

    def call(self, operation: str, **fields: str) -> dict[str, str]:
        answer = self.answer(operation, **fields)
        assert answer.status == 200, answer
        reply = answer.lines
        self.session = {key: reply[key] for key in ("session_id", "session_token")}
        if reply["success"] != "1":
            raise Refused(reply["error"])
        return reply


def tablet(
    application: WSGIApplication,
    device: str = "device-1",
    user: str = "tablet",
    password: str = "tablet-pw-1",
) -> WsgiTablet:
    return WsgiTablet("/database", device, user, password, application=application)
