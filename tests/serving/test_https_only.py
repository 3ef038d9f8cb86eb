# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain HTTP is refused where the front-end server, or the configuration, says that it is plain."""

from collections.abc import Iterable
from typing import Any

import pytest

from camcops.config.server import ServerSettings
from camcops.serving.composition import compose

TRUSTED = ("HTTP_X_FORWARDED_PROTO",)


def ask(
    settings: ServerSettings, method: str = "GET", path: str = "/webview", **more: str
) -> tuple[str, dict[str, str], bytes]:
    """Status, headers and body of the answer to a request that reached the back end by HTTP."""
    started: list[Any] = []

    def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", [("Set-Cookie", "a=b")])
        return [b"content"]

    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.url_scheme": "http",
        **more,
    }
    body = b"".join(
        compose(application, settings)(environ, lambda *given: started.extend(given[:2]) or print)
    )
    return started[0], dict(started[1]), body


@pytest.mark.parametrize(
    ("settings", "headers", "is_served"),
    [
        (ServerSettings(), {}, True),
        (ServerSettings(), {"HTTP_X_FORWARDED_PROTO": "http"}, True),
        (ServerSettings(trusted_proxy_headers=TRUSTED), {}, True),
        (
            ServerSettings(trusted_proxy_headers=TRUSTED),
            {"HTTP_X_FORWARDED_PROTO": "https"},
            True,
        ),
        (
            ServerSettings(trusted_proxy_headers=TRUSTED),
            {"HTTP_X_FORWARDED_PROTO": "http"},
            False,
        ),
        (ServerSettings(proxy_url_scheme="http"), {}, True),
        (ServerSettings(require_https=True), {}, False),
        (ServerSettings(require_https=True), {"HTTP_X_FORWARDED_PROTO": "https"}, False),
        (ServerSettings(require_https=True), {"wsgi.url_scheme": "https"}, True),
        (ServerSettings(require_https=True, proxy_url_scheme="https"), {}, True),
    ],
)
def test_pages(settings: ServerSettings, headers: dict[str, str], is_served: bool) -> None:
    status, answered, body = ask(settings, **headers)
    if is_served:
        assert (status, body) == ("200 OK", b"content")
    else:
        assert status == "403 Forbidden"
        assert "HTTPS" in body.decode()
        assert "Set-Cookie" not in answered


@pytest.mark.parametrize("path", ["/database", "/api"])
def test_tablets_are_told_readably(path: str) -> None:
    status, _, body = ask(ServerSettings(require_https=True), "POST", path)
    lines = dict(line.split(":", 1) for line in body.decode().splitlines())
    assert status == "200 OK"
    assert lines["success"] == "0"
    assert "HTTPS only" in lines["error"]
    assert lines["session_id"] == "0"
    assert lines["session_token"]


def test_monitors_on_the_same_machine_may_ask() -> None:
    assert ask(ServerSettings(require_https=True), path="/healthz")[2] == b"content"
