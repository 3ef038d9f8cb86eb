# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that goes through a front-end server by HTTPS, with cookies kept as browsers keep them."""

import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection, HTTPSConnection
from http.cookies import Morsel, SimpleCookie
from urllib.parse import urlencode, urlsplit

from tests.front_end.sections import Mount

FORM = "application/x-www-form-urlencoded"
PATIENCE_S = 60
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def location(self) -> str:
        return str(self.headers.get("Location", ""))

    @property
    def set_cookies(self) -> "list[Morsel[str]]":
        found = []
        for text in self.headers.get_all("Set-Cookie", []):
            found += SimpleCookie(text).values()
        return found

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.text)
        assert found, f"the page has no form: {self.status} {self.text[:500]}"
        return found.group(1)


@dataclass
class Client:
    """Paths are whole: with the mount point. `cookies`: by name and path, as in a browser."""

    mount: Mount
    trust: ssl.SSLContext
    comes_from: str = "127.0.0.1"
    cookies: dict[tuple[str, str], str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, _hyphened(headers))

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        return self.ask("POST", path, urlencode(fields).encode(), _hyphened(headers))

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
        *,
        plain: bool = False,
    ) -> Answer:
        """`plain`: to the port for HTTP."""
        sent = dict(headers or {})
        if body is not None:
            sent.setdefault("Content-Type", FORM)
        if not plain and (cookie := self.cookies_for(path)):
            sent.setdefault("Cookie", cookie)
        connection = self.connection(plain=plain)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        for morsel in answer.set_cookies:
            self._keep(morsel)
        return answer

    def connection(self, *, plain: bool = False) -> HTTPConnection:
        source = (self.comes_from, 0)
        if plain:
            return HTTPConnection("localhost", self.mount.http_port, PATIENCE_S, source)
        return HTTPSConnection(
            "localhost",
            self.mount.https_port,
            timeout=PATIENCE_S,
            source_address=source,
            context=self.trust,
        )

    def cookies_for(self, path: str) -> str:
        """What a browser sends to this path: cookies of longer paths first."""
        fitting = [
            (place, name, value)
            for (name, place), value in self.cookies.items()
            if path == place or path.startswith(place.rstrip("/") + "/")
        ]
        fitting.sort(key=lambda cookie: -len(cookie[0]))
        return "; ".join(f"{name}={value}" for _, name, value in fitting)

    def _keep(self, morsel: "Morsel[str]") -> None:
        key = (morsel.key, morsel["path"])
        if morsel["max-age"] == "0":
            self.cookies.pop(key, None)
        else:
            self.cookies[key] = morsel.value

    def log_in(self, username: str, password: str, **more: str) -> Answer:
        page = f"{self.mount.path}/webview/login"
        token = self.get(page).csrf
        fields = {"csrf_token": token, "username": username, "password": password, **more}
        return self.post(page, fields)

    def follow(self, answer: Answer) -> Answer:
        """Where redirects lead in the end; each must lead below our mount point, and none to plain HTTP."""
        for _ in range(4):
            if answer.status not in REDIRECTS:
                return answer
            parts = urlsplit(answer.location)
            if parts.scheme or parts.netloc:
                assert answer.location.startswith(f"{self.mount.address}/"), answer.location
            assert f"{parts.path}/".startswith(f"{self.mount.path}/"), answer.location
            assert not parts.path.startswith("//"), answer.location
            answer = self.get(parts.path + (f"?{parts.query}" if parts.query else ""))
        raise AssertionError(f"too many redirects, the last to {answer.location}")


def _hyphened(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
