# SPDX-License-Identifier: GPL-3.0-or-later
"""A Gunicorn worker whose threads are not held up by clients that send slowly, or nothing.

A connection gets a thread only once its client has sent something, and keeps it while it sends fast enough
(`Patience`). Gunicorn itself would wait without end, and for a client to close its end while all others wait
too.

A crowd that keeps to the rate still fills all threads: against that helps a front-end server that takes in
whole requests before it passes them on.
"""

import logging
import selectors
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from camcops.serving.patience import Patience, SlowClient

log = logging.getLogger(__name__)


class PunctualUnreader(SocketUnreader):  # type: ignore[misc]
    """What a client sends; raises `SlowClient` when it is too slow."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.is_too_slow = False
        self.patience = Patience()

    def begin_request(self) -> None:
        self.patience.begin()

    def chunk(self, size_hint: int | None = None) -> bytes:
        begun = time.monotonic()
        try:
            self.sock.settimeout(self.patience.left_s)
            data: bytes = super().chunk(size_hint)
            self.sock.settimeout(None)
        except TimeoutError:
            received = self.patience.transferred
            log.warning("A client sent too slowly: %d bytes; connection closed", received)
            self.is_too_slow = True
            raise SlowClient from None
        self.patience.spend(time.monotonic() - begun, len(data))
        return data


class PunctualWorker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's worker of several threads, except for the above."""

    def enqueue_req(self, conn: TConn) -> None:
        """Give a connection a thread, once there is something to read."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.sock.setblocking(False)
        conn.set_timeout()
        self.pending_conns.append(conn)
        ready = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, ready)

    def handle(self, conn: TConn) -> Any:
        """Serve one request of a connection, in a thread."""
        if not conn.initialized:
            conn.init = partial(_init_punctually, conn, conn.init)
        elif isinstance(unreader := getattr(conn.parser, "unreader", None), PunctualUnreader):
            unreader.begin_request()
        goes_on = super().handle(conn)
        if goes_on is False:
            unreader = getattr(conn.parser, "unreader", None)
            is_slow = isinstance(unreader, PunctualUnreader) and unreader.is_too_slow
            conn.close(graceful=not is_slow)
        return goes_on

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """After a request, in the main thread: close the connection or wait for the next one."""
        if conn.sock.fileno() < 0:
            self.nr_conns -= 1  # closed already
        else:
            super().finish_request(conn, fs)


def _init_punctually(conn: TConn, init: Any) -> None:
    is_new = not conn.initialized
    init()
    if is_new and hasattr(conn.parser, "unreader"):
        conn.parser.unreader = PunctualUnreader(conn.sock)
