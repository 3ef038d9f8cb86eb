# SPDX-License-Identifier: GPL-3.0-or-later
"""A mark by which a browser that a user has logged in from is told from all others at the same address.

It opens nothing. It only keeps the failures of others from locking the user out there.
"""

import re
import secrets
from typing import Final

from pyramid.request import Request
from pyramid.response import Response

from camcops.accounts.places import FORGOTTEN_AFTER

COOKIE: Final = "camcops_browser"
_MARK = re.compile(r"[A-Za-z0-9_-]{32}")


def mark_of(request: Request) -> str:
    """The browser's mark, or a new one."""
    mark = request.cookies.get(COOKIE, "")
    return mark if _MARK.fullmatch(mark) else secrets.token_urlsafe(24)


def keep_mark(request: Request, response: Response, mark: str) -> None:
    """Let the browser keep its mark, for as long as the server knows it."""
    response.set_cookie(
        COOKIE,
        mark,
        max_age=FORGOTTEN_AFTER,
        path=request.script_name or "/",
        secure=not request.registry.site.settings.site.allow_insecure_cookies,
        httponly=True,
        samesite="Lax",
    )
