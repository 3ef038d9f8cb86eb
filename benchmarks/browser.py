# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser that is logged in, on one kept connection."""

import re
from urllib.parse import urlencode

from benchmarks.connection import Connection
from benchmarks.device import FORM, Failed
from benchmarks.installation import PASSWORD

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """Logs in as a user of the demonstration at once."""

    def __init__(self, port: int, user: str) -> None:
        self._connection = Connection(port)
        self._cookies: dict[str, str] = {}
        page = self.get("/webview/login").decode()
        found = _TOKEN.search(page)
        assert found is not None
        form = {"csrf_token": found[1], "redirect_url": "", "username": user, "password": PASSWORD}
        self._request("POST", "/webview/login", urlencode(form).encode(), expected=303)

    def get(self, address: str) -> bytes:
        """The page's body. Raises `Failed` unless it is there."""
        return self._request("GET", address)

    def _request(
        self, method: str, address: str, body: bytes = b"", *, expected: int = 200
    ) -> bytes:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        headers |= FORM if body else {}
        status, answered, text = self._connection.ask(method, address, body, headers)
        for given in answered.get_all("Set-Cookie", []):
            name, _, value = given.partition(";")[0].partition("=")
            self._cookies[name] = value
        if status != expected:
            raise Failed(f"{method} {address}: {status}")
        return text
