# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser's visit: what the one signed cookie carries between its requests.

The cookie says which server-side session the browser holds (after log-in), the token that forms must
repeat, and messages waiting to be shown. Nothing about the user is in it.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from webob.cookies import SignedSerializer

COOKIE = "camcops"
SALT = "camcops web session"
SALT_2_4 = "pyramid.session."
"""Of the cookie that CamCOPS 2.4 signed with the same secret, always for the path `/`."""
MESSAGES_MOST = 5


@dataclass(slots=True)
class Visit:
    """Mutable: views change it, and what changed is sent back with the response."""

    session_id: int | None = None
    token: str | None = None
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    messages: list[tuple[str, str]] = field(default_factory=list)
    changed: bool = True
    left_over: bool = False
    """The browser also sends a cookie from a time when this site stood at `/`."""

    def holds(self, session_id: int, token: str) -> None:
        """The browser now holds this session; forms drawn before are void."""
        self.session_id, self.token = session_id, token
        self.csrf = secrets.token_urlsafe(24)
        self.changed = True

    def ends(self) -> None:
        self.session_id = self.token = None
        self.csrf = secrets.token_urlsafe(24)
        self.changed = True

    def tell(self, kind: str, text: str) -> None:
        """Show `text` on the next page; `kind` is success, warning or danger."""
        self.messages = [*self.messages, (kind, text)][-MESSAGES_MOST:]
        self.changed = True

    def take_messages(self) -> list[tuple[str, str]]:
        """The waiting messages; they are shown once."""
        waiting, self.messages = self.messages, []
        self.changed = self.changed or bool(waiting)
        return waiting


class Sealed:
    """A serializer that leaves what was signed as it is: only the signature is of interest."""

    def dumps(self, value: bytes) -> bytes:
        return value

    def loads(self, value: bytes) -> bytes:
        return value


class VisitCookie:
    """Reads and writes visits, signed with the site's secret (HMAC, SHA-512)."""

    def __init__(self, secret: str, *, secure: bool) -> None:
        self.signed = SignedSerializer(secret, SALT, hashalg="sha512")
        self.signed_2_4 = SignedSerializer(secret, SALT_2_4, hashalg="sha512", serializer=Sealed())
        self.secure = secure

    def of(self, request: Request) -> Visit:
        """The visit of this browser: the one it proves, else a new one.

        Another instance on the same host may have its cookie of the same name in the header too; the
        signature tells ours. Of two that are ours, the first has the longer path and is the newer.
        """
        request.add_response_callback(self.send)
        visit, left_over = None, False
        for text in _cookies(request.environ.get("HTTP_COOKIE", "")):
            read = self._read(text)
            if visit is None and read is not None:
                visit = read
            else:
                left_over = left_over or read is not None or self._is_of_2_4(text)
        visit = visit or Visit()
        visit.left_over = left_over
        return visit

    def _read(self, text: str) -> Visit | None:
        try:
            data = self.signed.loads(text.encode("latin-1"))
            messages = [(kind, said) for kind, said in data["say"]]
            return Visit(data["id"], data["token"], data["csrf"], messages, False)
        except (ValueError, TypeError, KeyError):
            return None

    def _is_of_2_4(self, text: str) -> bool:
        try:
            self.signed_2_4.loads(text.encode("latin-1"))
        except ValueError:
            return False
        return True

    def send(self, request: Request, response: Response) -> None:
        """Send what changed, for the path that the site is mounted at and no other."""
        visit: Visit = request.visit
        protected = {"secure": self.secure, "httponly": True, "samesite": "Lax"}
        if visit.changed:
            data: dict[str, Any] = {
                "id": visit.session_id,
                "token": visit.token,
                "csrf": visit.csrf,
                "say": visit.messages,
            }
            value = self.signed.dumps(data).decode("ascii")
            response.set_cookie(COOKIE, value, path=request.script_name or "/", **protected)
        if visit.left_over and request.script_name:
            response.set_cookie(COOKIE, "", path="/", max_age=0, **protected)


def _cookies(header: str) -> Iterator[str]:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            yield value.strip('"')
