# SPDX-License-Identifier: GPL-3.0-or-later
"""The simplest server: one process, one thread, HTTP only. For trying out."""

import logging
import signal
import socket
import socketserver
import sys
from threading import Thread
from types import FrameType
from typing import IO, Any, cast
from wsgiref.handlers import SimpleHandler
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import WSGIApplication

from camcops.config.server import ServerSettings
from camcops.serving.listening import reasons
from camcops.serving.memory import before_serving
from camcops.serving.patience import GRACE_S

log = logging.getLogger(__name__)

NAME = "CamCOPS"
"""What answers call the server: nobody need know its version."""


class Answer(SimpleHandler):
    """Answers one request."""

    server_software = NAME
    http_version = "1.0"


class Handler(WSGIRequestHandler):
    """Leaves logging to the request log, and headers with underscores out.

    `X_Forwarded_For` and `X-Forwarded-For` would be one variable to the application, and front-end
    servers only guard the second. A client that sends nothing for `timeout` seconds is given up: all others
    wait for it.
    """

    timeout = GRACE_S

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's own name
        return

    def version_string(self) -> str:
        return NAME

    def get_environ(self) -> dict[str, Any]:
        for name in [name for name in self.headers if "_" in name]:
            del self.headers[name]
        return super().get_environ()

    def handle(self) -> None:
        """As the base does, except for the server's name."""
        self.raw_requestline = self.rfile.readline(65537)
        if len(self.raw_requestline) > 65536:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
        elif self.parse_request():
            answer = Answer(
                self.rfile,
                cast(IO[bytes], self.wfile),
                self.get_stderr(),
                self.get_environ(),
                multithread=False,
            )
            answer.request_handler = self  # type: ignore[attr-defined]
            answer.run(self.server.get_app())  # type: ignore[attr-defined]


class Server(WSGIServer):
    """Named by its address: looking the name up can take seconds and serves nobody."""

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An error's text may quote what a patient answered: it is not printed, but logged as others are."""
        if isinstance(sys.exc_info()[1], OSError):
            log.info("A client broke the connection off, or sent nothing for too long")
        else:
            log.exception("A connection ended with an error")


class Server6(Server):
    address_family = socket.AF_INET6


def make_server(application: WSGIApplication, host: str, port: int) -> Server:
    """A server that listens already; `serve_forever` makes it answer."""
    server = (Server6 if ":" in host else Server)((host, port), Handler)
    server.set_app(application)
    return server


def serve(application: WSGIApplication, settings: ServerSettings) -> None:
    """Listen and serve until told to stop."""
    with reasons(settings):
        server = make_server(application, settings.host, settings.port)
    before_serving()

    def stop(number: int, frame: FrameType | None) -> None:
        # Not by an exception: raised while a request is served, wsgiref would take it for that request's.
        Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    log.info(
        "Listening on http://%s:%d/ (web pages: /webview; tablets: /database)",
        *server.server_address[:2],
    )
    try:
        server.serve_forever()
    finally:
        server.server_close()
    log.info("Stopped")
