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
MESSAGES_MOST = 5


@dataclass(slots=True)
class Visit:
    """Mutable: views change it, and what changed is sent back with the response."""

    session_id: int | None = None
    token: str | None = None
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    messages: list[tuple[str, str]] = field(default_factory=list)
    changed: bool = True

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


class VisitCookie:
    """Reads and writes visits, signed with the site's secret (HMAC, SHA-512)."""

    def __init__(self, secret: str, *, secure: bool) -> None:
        self.signed = SignedSerializer(secret, SALT, hashalg="sha512")
        self.secure = secure

    def of(self, request: Request) -> Visit:
        """The visit of this browser: the one it proves, else a new one.

        Another instance on the same host may have its cookie of the same name in the header too; the
        signature tells ours.
        """
        request.add_response_callback(self.send)
        for text in _cookies(request.environ.get("HTTP_COOKIE", "")):
            try:
                data = self.signed.loads(text.encode("latin-1"))
                return Visit(
                    data["id"], data["token"], data["csrf"], [(k, t) for k, t in data["say"]], False
                )
            except (ValueError, TypeError, KeyError):
                continue
        return Visit()

    def send(self, request: Request, response: Response) -> None:
        visit: Visit = request.visit
        if not visit.changed:
            return
        data: dict[str, Any] = {
            "id": visit.session_id,
            "token": visit.token,
            "csrf": visit.csrf,
            "say": visit.messages,
        }
        response.set_cookie(
            COOKIE,
            self.signed.dumps(data).decode("ascii"),
            path=request.script_name or "/",
            secure=self.secure,
            httponly=True,
            samesite="Lax",
        )


def _cookies(header: str) -> Iterator[str]:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            yield value.strip('"')
