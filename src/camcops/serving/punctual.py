# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of Cheroot that slow clients can't hold, and requests that can be read in one way only.

A server behind a front end that reads a request otherwise than the front end does could be made to see two
requests where there was one: what is ambiguous is refused, and its connection closed.
"""

import io
import logging
import re
import socket
import ssl
import time
from typing import Any, Final

from cheroot.makefile import StreamReader, StreamWriter
from cheroot.server import HeaderReader, HTTPConnection, HTTPRequest

from camcops.serving.patience import GRACE_S, Patience, SlowClient

log = logging.getLogger(__name__)

PIECE: Final = 64 * 1024
MOST_UNREAD: Final = 1024 * 1024
"""Bytes of a body that are read for nothing, so that a connection can go on; beyond, it is closed."""

HEADER_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:")
ONCE: Final = frozenset({b"Host", b"Content-Length", b"Transfer-Encoding"})


class PunctualSocket(socket.SocketIO):
    """The raw stream of one direction; raises `SlowClient` when the client is too slow."""

    def __init__(self, sock: Any, mode: Any, patience: Patience) -> None:
        super().__init__(sock, mode)
        self._socket = sock
        self._patience = patience

    def readinto(self, b: Any) -> int | None:
        return self._timed(super().readinto, b)

    def write(self, b: Any) -> int | None:
        return self._timed(super().write, b)

    def _timed(self, transfer: Any, data: Any) -> int:
        begun = time.monotonic()
        self._socket.settimeout(self._patience.left_s)
        try:
            count: int = transfer(data) or 0
        except TimeoutError:
            log.warning(
                "A client is too slow: %d bytes; connection closed", self._patience.transferred
            )
            raise SlowClient from None
        self._patience.spend(time.monotonic() - begun, count)
        return count


class Reader(StreamReader):
    """Reads a client's requests."""

    def __init__(self, sock: Any, patience: Patience) -> None:
        super(StreamReader, self).__init__(PunctualSocket(sock, "r", patience))
        self.bytes_read = 0
        self._pending = sock.pending if isinstance(sock, ssl.SSLSocket) else lambda: 0

    def read(self, *args: Any, **kwargs: Any) -> bytes:
        """In pieces: the base would make room for the whole body at each arrival of a part of it."""
        size = args[0] if args else None
        if size is None or size < 0 or size <= PIECE:
            data: bytes = super().read(*args, **kwargs)
            return data
        pieces = []
        while size > 0 and (piece := super().read(min(size, PIECE))):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def has_data(self) -> bool:
        """Is there something to read that the operating system doesn't know of?"""
        return bool(super().has_data() or self._pending())


class Writer(StreamWriter):
    """Sends a client its answers."""

    def __init__(self, sock: Any, patience: Patience) -> None:
        super(StreamWriter, self).__init__(PunctualSocket(sock, "w", patience))
        self.bytes_written = 0

    def _flush_unlocked(self) -> None:
        """Without the base's copy of all that is left, whenever the client has taken some in."""
        rest = memoryview(bytes(self._write_buf))  # type: ignore[attr-defined]
        self._write_buf.clear()  # type: ignore[attr-defined]
        while rest:
            rest = rest[self.raw.write(rest) :]


class Chunks(io.RawIOBase):
    """The body of a request that comes in chunks, never more of it in memory than is asked for."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left: int | None = 0

    def readable(self) -> bool:
        return True

    def readinto(self, b: Any) -> int:
        if self._left == 0:
            self._left = self._next_size()
        if self._left is None:
            return 0
        data = self._stream.read(min(len(b), self._left))
        if not data:
            raise ConnectionResetError("the body ended within a chunk")
        b[: len(data)] = data
        self._left -= len(data)
        if self._left == 0 and self._stream.readline(2) != b"\r\n":
            raise ConnectionResetError("a chunk does not end where it should")
        return len(data)

    def _next_size(self) -> int | None:
        """None: that was all. Trailers are left unread; the connection ends with the request."""
        line = self._stream.readline(100).partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", line):
            raise ConnectionResetError("a chunk has no size")
        return int(line, 16) or None


class Lines:
    """The lines of a request's head, each looked at as it is read."""

    def __init__(self, stream: Any, *, is_first: bool = False) -> None:
        self._stream = stream
        self._is_first = is_first

    def readline(self) -> bytes:
        line: bytes = self._stream.readline()
        if self._is_first:
            # Cheroot would take //login for an address with another server's name.
            return re.sub(rb"^([A-Z]+) //+", rb"\1 /", line)
        if line not in (b"", b"\r\n") and not HEADER_NAME.match(line):
            raise ValueError("Illegal header line.")
        return line


class Headers(HeaderReader):
    """Reads headers; those with underscores in their names would pass for trusted ones, and are dropped."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def __call__(self, rfile: Any, hdict: Any = None) -> Any:
        return super().__call__(Lines(rfile), hdict)

    def _allow_header(self, key_name: bytes) -> bool:
        if key_name in ONCE and key_name in self._seen:
            raise ValueError(f"More than one {key_name.decode()}.")
        self._seen.add(key_name)
        return b"_" not in key_name


class Request(HTTPRequest):
    """One request and its answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.header_reader = Headers()

    def read_request_line(self) -> Any:
        stream = self.rfile
        self.rfile = Lines(stream, is_first=True)
        try:
            return super().read_request_line()
        finally:
            self.rfile = stream

    def read_request_headers(self) -> bool:
        if not super().read_request_headers():
            return False
        length = self.inheaders.get(b"Content-Length")
        is_chunked = b"Transfer-Encoding" in self.inheaders
        if length is not None and (is_chunked or not length.isdigit()):
            self.simple_response("400 Bad Request", "The length of the body is not clear.")
            return False
        if is_chunked and not self.chunked_read:
            self.simple_response("400 Bad Request", "HTTP/1.0 knows no chunks.")
            return False
        return True

    def respond(self) -> None:
        if not self.chunked_read:
            super().respond()
            return
        self.close_connection = True
        self.rfile = io.BufferedReader(Chunks(self.conn.rfile))
        self.server.gateway(self).respond()
        self.ensure_headers_sent()
        if self.chunked_write:
            self.conn.wfile.write(b"0\r\n\r\n")

    def send_headers(self) -> None:
        if getattr(self.rfile, "remaining", 0) > MOST_UNREAD:
            self.close_connection = True
        super().send_headers()


class Connection(HTTPConnection):
    """One client's connection; a thread of the server serves it while there is something to read."""

    RequestHandlerClass = Request

    def __init__(self, server: Any, sock: Any, makefile: Any = None) -> None:
        self.is_new = True
        self._needs_handshake = isinstance(sock, ssl.SSLSocket)
        self._receiving, self._sending = Patience(), Patience()
        super().__init__(server, sock, self._stream)

    def _stream(self, sock: Any, mode: str, size: int) -> Reader | Writer:
        return Reader(sock, self._receiving) if "r" in mode else Writer(sock, self._sending)

    def communicate(self) -> bool:
        """Serve one request; False if the connection is to be closed."""
        self._receiving.begin()
        self._sending.begin()
        return self._shakes_hands() and bool(super().communicate())

    def _shakes_hands(self) -> bool:
        """Not when the connection is accepted: there, everybody would wait for this client."""
        if self._needs_handshake:
            self._needs_handshake = False
            self.socket.settimeout(GRACE_S)
            try:
                self.socket.do_handshake()
            except OSError as error:
                reason = getattr(error, "reason", None) or type(error).__name__
                log.info("A client's TLS handshake failed: %s", reason)
                return False
        return True
