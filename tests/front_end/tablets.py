# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded and demonstration tablets, sent through a front-end server."""

import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.front_end.authority import Certificates
from tests.front_end.client import Client


def through(client: Client, endpoint: str = "/database") -> Any:
    """A WSGI application that passes each request on to the client's front-end server."""

    def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        headers = {"Content-Type": environ["CONTENT_TYPE"], "Connection": "close"}
        path = client.mount.path + endpoint
        answer = client.ask(environ["REQUEST_METHOD"], path, body, headers)
        start(f"{answer.status} Answered", answer.headers.items())
        return [answer.body]

    return application


@contextmanager
def trusting(certificates: Certificates) -> Iterator[None]:
    """While this lasts, this process and those it starts trust the tests' authority."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(certificates.authority))
        patch.setattr(urllib.request, "_opener", None)
        yield
