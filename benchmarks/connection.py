# SPDX-License-Identifier: GPL-3.0-or-later
"""A kept HTTP connection, opened anew where the server will have closed it for having been idle."""

import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPMessage

PATIENCE_S = 600
IDLE_S = 3
"""Less than the five seconds after which the servers close."""


class Connection:
    """To a port of this machine."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._used = 0.0

    def ask(
        self, method: str, address: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, HTTPMessage, bytes]:
        """Status, headers and body of the answer."""
        if time.monotonic() - self._used > IDLE_S:
            self._connection.close()
        try:
            self._connection.request(method, address, body, dict(headers))
            answer = self._connection.getresponse()
            content = answer.read()
        except OSError:
            self._connection.close()
            raise
        self._used = time.monotonic()
        return answer.status, answer.headers, content
