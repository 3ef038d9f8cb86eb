# SPDX-License-Identifier: GPL-3.0-or-later
"""The simplest server: one process, one thread, HTTP only. For trying out."""

import logging
import signal
import socket
import socketserver
from threading import Thread
from types import FrameType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import WSGIApplication

from camcops.config.server import ServerSettings

log = logging.getLogger(__name__)


class Handler(WSGIRequestHandler):
    """Leaves logging to the request log, and headers with underscores out.

    `X_Forwarded_For` and `X-Forwarded-For` would be one variable to the application, and front-end
    servers only guard the second.
    """

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's own name
        return

    def get_environ(self) -> dict[str, Any]:
        for name in [name for name in self.headers if "_" in name]:
            del self.headers[name]
        return super().get_environ()


class Server(WSGIServer):
    """Named by its address: looking the name up can take seconds and serves nobody."""

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()


class Server6(Server):
    address_family = socket.AF_INET6


def make_server(application: WSGIApplication, host: str, port: int) -> Server:
    """A server that listens already; `serve_forever` makes it answer."""
    server = (Server6 if ":" in host else Server)((host, port), Handler)
    server.set_app(application)
    return server


def serve(application: WSGIApplication, settings: ServerSettings) -> None:
    """Listen and serve until told to stop."""
    for key in ("unix_domain_socket", "ssl_certificate"):
        if getattr(settings, key):
            log.warning("serve_pyramid ignores %s: it offers plain HTTP on TCP only", key.upper())
    server = make_server(application, settings.host, settings.port)

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
