# SPDX-License-Identifier: GPL-3.0-or-later
"""What every response tells the browser to allow, and the methods we answer at all."""

import re
from collections.abc import Callable

from pyramid.request import Request
from pyramid.response import Response

from camcops.tablet_api.views import ROUTES

METHODS = ("GET", "HEAD", "POST")
HOST = re.compile(r"[A-Za-z0-9_.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
"""A name or an address, perhaps with a port."""
CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
NEVER_KEPT = "no-store, no-cache, must-revalidate, max-age=0"
A_YEAR = 31536000
LARGEST_FORM = 65536
"""Bytes of a form on a page; tablets' uploads have a limit of their own."""


def header_tween(
    handler: Callable[[Request], Response], registry: object
) -> Callable[[Request], Response]:
    """Outermost layer: refuses foreign methods, then adds headers to whatever the answer is."""

    def answer(request: Request) -> Response:
        response = _refusal(request) or handler(request)
        _protect(request, response)
        return response

    return answer


def _refusal(request: Request) -> Response | None:
    """The answer to what no page of ours would send."""
    if request.method not in METHODS:
        answer = Response("Only GET and POST are answered here.\n", 405, content_type="text/plain")
        answer.headers["Allow"] = ", ".join(METHODS)
        return answer
    if not HOST.fullmatch(request.environ.get("HTTP_HOST", "-")):
        return Response("No host has such a name.\n", 400, content_type="text/plain")
    if request.method == "POST" and request.environ.get("PATH_INFO") not in ROUTES.values():
        length = request.content_length
        if length is None or length > LARGEST_FORM:
            return Response("The form is too large.\n", 413, content_type="text/plain")
    return None


def _protect(request: Request, response: Response) -> None:
    headers = response.headers
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    policy = CONTENT_SECURITY
    if request.scheme == "https":
        policy += "; upgrade-insecure-requests"
        headers["Strict-Transport-Security"] = f"max-age={A_YEAR}"
    headers.setdefault("Content-Security-Policy", policy)
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = NEVER_KEPT
