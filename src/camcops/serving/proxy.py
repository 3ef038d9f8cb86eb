# SPDX-License-Identifier: GPL-3.0-or-later
"""What a front-end web server tells about the real client, believed only as far as configured.

A client can send any header itself, and proxies append to what they receive. So a header counts only
if it is named in `TRUSTED_PROXY_HEADERS`, lists are read from their right-hand end, each value must
look like what it claims to be, and headers that were not used never reach the application.
"""

import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from camcops.config.server import (
    HOST_HEADERS,
    HTTPS_SWITCHES,
    PLACE_HEADERS,
    PROXY_HEADERS,
    SCHEME_HEADERS,
    ServerSettings,
)
from camcops.web.headers import HOST

log = logging.getLogger(__name__)

MOUNT = re.compile(r"(/[A-Za-z0-9_.~-]+)*")

Reader = Callable[[str], str | None]
"""Turns a header's text into the value to use; None if it is not what it claims to be."""


def address(text: str) -> str | None:
    """An IP address, without the port and brackets that some proxies add."""
    bracketed = re.fullmatch(r"\[([^\]]+)\](:[0-9]+)?", text)
    with_port = re.fullmatch(r"([0-9.]+):[0-9]+", text)
    found = bracketed or with_port
    try:
        return str(ip_address(found.group(1) if found else text))
    except ValueError:
        return None


def host(text: str) -> str | None:
    return text if HOST.fullmatch(text) else None


def port(text: str) -> str | None:
    return text if text.isascii() and text.isdigit() and 0 < int(text) < 65536 else None


def scheme(text: str) -> str | None:
    return text.lower() if text.lower() in ("http", "https") else None


def mount(text: str) -> str | None:
    """A mount point: empty, or `/` and names, without a final slash."""
    cut = text.rstrip("/")
    return cut if MOUNT.fullmatch(cut) else None


@dataclass(frozen=True, slots=True)
class Rule:
    """How one WSGI variable is found: the fixed value, else the first trusted candidate."""

    variable: str
    fixed: str | None
    candidates: tuple[str, ...]
    read: Reader


def rules(settings: ServerSettings) -> tuple[Rule, ...]:
    fixed_port = settings.proxy_server_port
    fixed_mount = settings.proxy_script_name or os.environ.get("SCRIPT_NAME")
    fixed_scheme = settings.proxy_url_scheme
    return (
        Rule("HTTP_HOST", settings.proxy_http_host, HOST_HEADERS, host),
        Rule(
            "REMOTE_ADDR",
            settings.proxy_remote_addr,
            ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP"),
            address,
        ),
        Rule(
            "SCRIPT_NAME",
            fixed_mount.rstrip("/") if fixed_mount else None,
            PLACE_HEADERS,
            mount,
        ),
        Rule("SERVER_NAME", settings.proxy_server_name, ("HTTP_X_FORWARDED_SERVER",), host),
        Rule(
            "SERVER_PORT",
            None if fixed_port is None else str(fixed_port),
            ("HTTP_X_FORWARDED_PORT",),
            port,
        ),
        Rule(
            "wsgi.url_scheme",
            fixed_scheme.lower() if fixed_scheme else None,
            SCHEME_HEADERS,
            scheme,
        ),
    )


class ReverseProxy:
    """WSGI middleware that rewrites the environment by the `PROXY_*` settings.

    It always stands before the application, also when nothing is configured: then it only removes
    what clients claim about themselves.
    """

    def __init__(self, application: WSGIApplication, settings: ServerSettings) -> None:
        self.application = application
        self.rules = rules(settings)
        self.trusted = frozenset(settings.trusted_proxy_headers)
        self.hops = settings.trusted_proxy_hops
        self.rewrite_path = settings.proxy_rewrite_path_info
        self.verbose = settings.debug_reverse_proxy

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        changed = self.rewritten(environ)
        if self.verbose and changed:
            log.info("Reverse proxy: set %s", changed)
        environ.update(changed)
        _tidy_path(environ, changed.get("SCRIPT_NAME") if self.rewrite_path else None)
        return self.application(environ, start)

    def rewritten(self, environ: WSGIEnvironment) -> Mapping[str, str]:
        """The variables to set; takes every candidate header that was not used out of `environ`."""
        changed: dict[str, str] = {}
        used: set[str] = set()
        for rule in self.rules:
            if rule.fixed is not None:
                changed[rule.variable] = rule.fixed
                continue
            for name in rule.candidates:
                value = self._believed(environ, name, rule.read)
                if value is not None:
                    changed[rule.variable] = value
                    used.add(name)
                    break
        if "wsgi.url_scheme" not in changed:
            used |= self._https_switch(environ, changed)
        for name in PROXY_HEADERS:
            if name not in used:
                environ.pop(name, None)
        return changed

    def _believed(self, environ: WSGIEnvironment, name: str, read: Reader) -> str | None:
        if name not in self.trusted:
            return None
        values = [part.strip() for part in str(environ.get(name, "")).split(",") if part.strip()]
        if not values:
            return None
        return read(values[max(0, len(values) - self.hops)])

    def _https_switch(self, environ: WSGIEnvironment, changed: dict[str, Any]) -> set[str]:
        """The first trusted switch that is on, else those that say that the request came in clear."""
        told: set[str] = set()
        for name in HTTPS_SWITCHES:
            value = self._believed(environ, name, str.lower)
            if value in ("on", "true", "1"):
                changed["wsgi.url_scheme"] = "https"
                return {name}
            if value in ("off", "false", "0"):
                told.add(name)
        return told


def _tidy_path(environ: WSGIEnvironment, cut: str | None) -> None:
    """Cut the mount point off the path where asked to, at a boundary; no path begins with `//`."""
    path = str(environ.get("PATH_INFO", ""))
    if cut and (path == cut or path.startswith(cut + "/")):
        path = path[len(cut) :]
    environ["PATH_INFO"] = "/" + path.lstrip("/")
