# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded and demonstration tablets, sent through a front-end server."""

import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.front_end.authority import Certificates
from tests.front_end.client import Client

MEGABYTE = 1_000_000
PIECES = 60


def through(client: Client, endpoint: str = "/database", *, slowest_s: float = 0) -> Any:
    """A WSGI application that passes each request on to the client's front-end server.

    `slowest_s`: how long the sending of a body of more than a megabyte is drawn out.
    """

    def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        headers = {"Content-Type": environ["CONTENT_TYPE"], "Content-Length": str(len(body))}
        sent = drawn_out(body, slowest_s) if slowest_s and len(body) > MEGABYTE else body
        path = client.mount.path + endpoint
        answer = client.ask(environ["REQUEST_METHOD"], path, sent, headers)
        start(f"{answer.status} Answered", answer.headers.items())
        return [answer.body]

    return application


def drawn_out(body: bytes, duration_s: float) -> Iterator[bytes]:
    """A body in pieces, with pauses between them."""
    size = -(-len(body) // PIECES)
    for start in range(0, len(body), size):
        time.sleep(duration_s / PIECES)
        yield body[start : start + size]


@contextmanager
def trusting(certificates: Certificates) -> Iterator[None]:
    """While this lasts, this process and those it starts trust the tests' authority."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(certificates.authority))
        patch.setattr(urllib.request, "_opener", None)
        yield
