# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is served over HTTP where the front-end server, or the configuration, says that it is plain."""

from collections.abc import Iterable
from typing import Any

import pytest

from camcops.config.server import ServerSettings
from camcops.serving.composition import compose

TRUSTED = ("HTTP_X_FORWARDED_PROTO",)
SWITCH = ("HTTP_X_FORWARDED_SSL",)
TOLD = {"HTTP_X_FORWARDED_PROTO": "http", "HTTP_X_FORWARDED_HOST": "camcops.example"}
BEHIND = ServerSettings(trusted_proxy_headers=tuple(TOLD))


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
        "SERVER_NAME": "inner",
        "SERVER_PORT": "8000",
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
        (ServerSettings(trusted_proxy_headers=SWITCH), {"HTTP_X_FORWARDED_SSL": "off"}, False),
        (ServerSettings(trusted_proxy_headers=SWITCH), {"HTTP_X_FORWARDED_SSL": "on"}, True),
        (ServerSettings(trusted_proxy_headers=SWITCH), {"HTTP_X_FORWARDED_SSL": "maybe"}, True),
        (ServerSettings(trusted_proxy_headers=SWITCH), {"HTTP_X_HTTPS": "off"}, True),
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


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_pages_lead_to_https_where_the_front_end_told_the_host(method: str) -> None:
    headers = {"QUERY_STRING": "surname=O'Brien%20x", "SCRIPT_NAME": "/camcops", **TOLD}

    status, answered, body = ask(BEHIND, method, "/webview/tasks", **headers)

    assert (status, body) == ("301 Moved Permanently", b"")
    address = "https://camcops.example/camcops/webview/tasks?surname=O'Brien%20x"
    assert answered["Location"] == address
    assert answered["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answered


@pytest.mark.parametrize(
    ("settings", "method", "path", "headers"),
    [
        (BEHIND, "POST", "/webview/login", {}),
        (BEHIND, "GET", "/database", {}),
        (BEHIND, "GET", "/api", {}),
        (BEHIND, "GET", "/webview", {"HTTP_X_FORWARDED_HOST": "camcops.example:8080"}),
        (BEHIND, "GET", "/webview", {"HTTP_X_FORWARDED_HOST": "evil.example/?"}),
        (BEHIND, "GET", "/webview", {"HTTP_X_FORWARDED_HOST": ""}),
        (ServerSettings(trusted_proxy_headers=TRUSTED), "GET", "/webview", {}),
        (ServerSettings(require_https=True), "GET", "/webview", {}),
    ],
)
def test_what_is_not_led_on_is_refused(
    settings: ServerSettings, method: str, path: str, headers: dict[str, str]
) -> None:
    sent = {"HTTP_HOST": "evil.example", **TOLD, **headers}
    status, answered, _ = ask(settings, method, path, **sent)
    assert status == "403 Forbidden"
    assert "Location" not in answered


def test_an_odd_path_cannot_end_the_header() -> None:
    odd = {"QUERY_STRING": "a\r\nb: c", **TOLD}
    _, answered, _ = ask(BEHIND, "GET", "//webview\r\nSet-Cookie: a=b\xe9", **odd)
    assert answered["Location"] == "https://camcops.example/webview%0D%0ASet-Cookie:%20a=b%E9"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_an_answer_to_head_has_no_body(method: str) -> None:
    _, answered, body = ask(ServerSettings(require_https=True), method)
    assert int(answered["Content-Length"]) > 0
    assert (body == b"") == (method == "HEAD")


def test_monitors_on_the_same_machine_may_ask() -> None:
    assert ask(ServerSettings(require_https=True), path="/healthz")[2] == b"content"
