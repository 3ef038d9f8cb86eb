# SPDX-License-Identifier: GPL-3.0-or-later
"""Cheroot, CherryPy's web server: threads of one process. It runs wherever Python does."""

import logging
import os
import signal
import ssl
import sys
import threading
from types import FrameType
from typing import Any, Final
from wsgiref.types import WSGIApplication

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter

from camcops.config.server import ServerSettings
from camcops.problems import THREADS_WRONG, Problem
from camcops.serving import listening, memory
from camcops.serving.certificates import tls_context
from camcops.serving.mounting import Mounted, mount_point
from camcops.serving.patience import GRACE_S
from camcops.serving.punctual import Connection

log = logging.getLogger(__name__)

MOST_CONNECTIONS: Final = 900
"""Below the number of files that a process may usually have open."""

BACKLOG: Final = 512
LARGEST_HEAD: Final = 64 * 1024
ENDING_S: Final = 30.0
"""How long a request in progress may go on after the server was asked to end."""


class Server(wsgi.Server):
    """Gives a connection a thread once its client has sent something; makes threads as they are needed."""

    ConnectionClass = Connection
    max_request_header_size = LARGEST_HEAD
    keep_alive_conn_limit = MOST_CONNECTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.software = "Cheroot"
        self._growing = threading.Lock()

    def process_conn(self, conn: Any) -> None:
        if conn.is_new:
            conn.is_new = False
            if self.can_add_keepalive_connection:
                self.put_conn(conn)
            else:
                conn.close()
            return
        with self._growing:
            if self.requests.qsize >= self.requests.idle:
                self.requests.grow(self.requests.min)
        super().process_conn(conn)

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """The server's messages in the program's own log; an error's text can quote a patient's data."""
        if traceback:
            is_fault = sys.exc_info()[0] is not None
            log.log(level, "A connection ended with an error", exc_info=is_fault)
        else:
            log.log(level, "%s", msg.partition("?")[0])


class Tls(BuiltinSSLAdapter):
    """Wraps connections; the handshake is left to the thread that serves the client."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context

    def wrap(self, sock: Any) -> tuple[ssl.SSLSocket, dict[str, str]]:
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


def make_server(application: WSGIApplication, settings: ServerSettings) -> Server:
    """A server as the settings want it; it doesn't listen yet."""
    first, most = settings.cherrypy_threads_start, settings.cherrypy_threads_max
    if most != -1 and most < first:
        raise Problem(THREADS_WRONG, first=first, most=most)
    path = settings.unix_domain_socket
    server = Server(
        str(path) if path else (settings.host, settings.port),
        Mounted(application, mount_point(settings.cherrypy_root_path)),
        numthreads=first,
        max=most,
        server_name=settings.cherrypy_server_name,
        request_queue_size=BACKLOG,
        timeout=int(GRACE_S),
        shutdown_timeout=int(ENDING_S),
    )
    if settings.ssl_certificate and settings.ssl_private_key:
        server.ssl_adapter = Tls(tls_context(settings.ssl_certificate, settings.ssl_private_key))
    return server


def serve(application: WSGIApplication, settings: ServerSettings) -> None:
    """Listen and serve until told to stop; requests in progress are finished first."""
    server = make_server(application, settings)
    memory.return_what_is_free()
    memory.before_serving()
    with listening.reasons(settings):
        server.prepare()
    if settings.unix_domain_socket:
        settings.unix_domain_socket.chmod(listening.SOCKET_MODE)
    stopping = threading.Thread(target=server.stop, name="Stopping")

    def stop(number: int, frame: FrameType | None) -> None:
        if stopping.ident is None:
            log.info("Asked to end")
            stopping.start()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):  # the last is Windows's
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    log.info(
        "Listening on %s: %d threads, at most %s (web pages: %s/webview; tablets: %s/database)",
        listening.address(settings),
        settings.cherrypy_threads_start,
        "as many as needed" if server.requests.max == float("inf") else server.requests.max,
        *[mount_point(settings.cherrypy_root_path)] * 2,
    )
    server.serve()
    _end(stopping)
    if settings.unix_domain_socket:
        settings.unix_domain_socket.unlink(missing_ok=True)
    log.info("Stopped")


def _end(stopping: threading.Thread) -> None:
    """Wait for requests in progress, but not for one that never ends."""
    if stopping.ident is not None:
        stopping.join(ENDING_S + 5)
    if stopping.is_alive():
        log.warning("A request did not end in time and was cut short; the database undoes it")
        logging.shutdown()
        os._exit(0)
