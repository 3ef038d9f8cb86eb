# SPDX-License-Identifier: GPL-3.0-or-later
"""Forwarded headers: believed only when trusted, counted from the right, and never left lying about."""

from collections.abc import Iterable
from typing import Any

import pytest

from camcops.config.server import PROXY_HEADERS, ServerSettings
from camcops.serving.proxy import ReverseProxy

PLAIN = {
    "REMOTE_ADDR": "10.0.0.9",
    "HTTP_HOST": "inner:8000",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/webview",
    "SERVER_NAME": "inner",
    "SERVER_PORT": "8000",
    "wsgi.url_scheme": "http",
}


def seen(environ: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """The environment that the application behind the proxy layer gets."""
    got: dict[str, Any] = {}

    def application(inner: dict[str, Any], start: Any) -> Iterable[bytes]:
        got.update(inner)
        return [b""]

    ReverseProxy(application, ServerSettings(**settings))(PLAIN | environ, lambda *a: print)
    return got


def test_without_settings_a_client_can_say_nothing_about_itself() -> None:
    got = seen(dict.fromkeys(PROXY_HEADERS, "evil.example"))

    assert got == PLAIN


@pytest.mark.parametrize(
    ("sent", "hops", "believed"),
    [
        ("192.0.2.1", 1, "192.0.2.1"),
        ("203.0.113.66, 192.0.2.1", 1, "192.0.2.1"),
        ("203.0.113.66, 192.0.2.1, 10.1.1.1", 2, "192.0.2.1"),
        ("192.0.2.1", 2, "192.0.2.1"),
        ("192.0.2.1:4711", 1, "192.0.2.1"),
        ("[2001:db8::1]:443", 1, "2001:db8::1"),
        ("2001:db8::1", 1, "2001:db8::1"),
        ("192.0.2.1, unknown", 1, "10.0.0.9"),
        ("192.0.2.1, <script>", 1, "10.0.0.9"),
        ("", 1, "10.0.0.9"),
    ],
)
def test_address_is_the_one_our_own_proxy_appended(sent: str, hops: int, believed: str) -> None:
    got = seen(
        {"HTTP_X_FORWARDED_FOR": sent},
        trusted_proxy_headers=("HTTP_X_FORWARDED_FOR",),
        trusted_proxy_hops=hops,
    )

    assert got["REMOTE_ADDR"] == believed


def test_second_candidate_serves_when_the_first_is_not_trusted() -> None:
    got = seen(
        {"HTTP_X_FORWARDED_FOR": "203.0.113.66", "HTTP_X_REAL_IP": "192.0.2.7"},
        trusted_proxy_headers=("HTTP_X_REAL_IP",),
    )

    assert got["REMOTE_ADDR"] == "192.0.2.7"
    assert "HTTP_X_FORWARDED_FOR" not in got
    assert got["HTTP_X_REAL_IP"] == "192.0.2.7"


def test_last_host_value_counts_and_odd_hosts_do_not() -> None:
    trusted = {"trusted_proxy_headers": ("HTTP_X_FORWARDED_HOST",)}

    good = seen({"HTTP_X_FORWARDED_HOST": "evil.example, camcops.example:8443"}, **trusted)
    odd = seen({"HTTP_X_FORWARDED_HOST": "evil.example/path?"}, **trusted)

    assert good["HTTP_HOST"] == "camcops.example:8443"
    assert odd["HTTP_HOST"] == "inner:8000"


def test_fixed_values_win_over_headers() -> None:
    got = seen(
        {"HTTP_X_FORWARDED_PROTO": "http", "HTTP_X_SCRIPT_NAME": "/other"},
        trusted_proxy_headers=("HTTP_X_FORWARDED_PROTO", "HTTP_X_SCRIPT_NAME"),
        proxy_url_scheme="HTTPS",
        proxy_script_name="/camcops/",
        proxy_http_host="camcops.example",
        proxy_server_name="camcops.example",
        proxy_server_port=443,
        proxy_remote_addr="192.0.2.5",
    )

    assert got["wsgi.url_scheme"] == "https"
    assert got["SCRIPT_NAME"] == "/camcops"
    assert got["HTTP_HOST"] == got["SERVER_NAME"] == "camcops.example"
    assert got["SERVER_PORT"] == "443"
    assert got["REMOTE_ADDR"] == "192.0.2.5"
    assert not [name for name in PROXY_HEADERS if name in got]


def test_mount_point_may_come_from_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPT_NAME", "/a/b/")

    assert seen({})["SCRIPT_NAME"] == "/a/b"


@pytest.mark.parametrize(
    ("headers", "scheme"),
    [
        ({"HTTP_X_FORWARDED_PROTO": "HTTPS"}, "https"),
        ({"HTTP_X_FORWARDED_PROTO": "gopher"}, "http"),
        ({"HTTP_X_SCHEME": "https"}, "https"),
        ({"HTTP_X_FORWARDED_SSL": "on"}, "https"),
        ({"HTTP_X_HTTPS": "1"}, "https"),
        ({"HTTP_X_FORWARDED_HTTPS": "off"}, "http"),
    ],
)
def test_scheme(headers: dict[str, str], scheme: str) -> None:
    assert seen(headers, trusted_proxy_headers=PROXY_HEADERS)["wsgi.url_scheme"] == scheme


@pytest.mark.parametrize(
    ("path", "rewritten"),
    [
        ("/camcops/webview", "/webview"),
        ("/camcops", "/"),
        ("/camcopsX/webview", "/camcopsX/webview"),
        ("/webview", "/webview"),
        ("//login", "/login"),
        ("", "/"),
    ],
)
def test_mount_point_is_cut_off_at_a_boundary_only(path: str, rewritten: str) -> None:
    got = seen({"PATH_INFO": path}, proxy_script_name="/camcops", proxy_rewrite_path_info=True)

    assert got["PATH_INFO"] == rewritten


def test_path_is_left_alone_unless_asked() -> None:
    assert (
        seen({"PATH_INFO": "/camcops/x"}, proxy_script_name="/camcops")["PATH_INFO"] == "/camcops/x"
    )
