# SPDX-License-Identifier: GPL-3.0-or-later
"""Section `[server]`: the web server, the proxy before it, and the address seen from outside."""

import os
from dataclasses import dataclass
from pathlib import Path

from camcops.config.declaration import setting
from camcops.config.readers import (
    boolean,
    existing_file,
    integer,
    optional_port,
    optional_text,
    path,
    remote_address,
    text,
    words,
)

HOST_HEADERS = ("HTTP_X_HOST", "HTTP_X_FORWARDED_HOST")
PLACE_HEADERS = ("HTTP_X_SCRIPT_NAME", "HTTP_X_FORWARDED_SCRIPT_NAME")
SCHEME_HEADERS = (
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_PROTOCOL",
    "HTTP_X_FORWARDED_SCHEME",
    "HTTP_X_SCHEME",
)
HTTPS_SWITCHES = ("HTTP_X_FORWARDED_HTTPS", "HTTP_X_FORWARDED_SSL", "HTTP_X_HTTPS")
PROXY_HEADERS = (
    *HOST_HEADERS,
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_REAL_IP",
    *PLACE_HEADERS,
    "HTTP_X_FORWARDED_SERVER",
    "HTTP_X_FORWARDED_PORT",
    *SCHEME_HEADERS,
    *HTTPS_SWITCHES,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSettings:
    """How the program listens and how it is reached: see each key."""

    host: str = setting(text, "127.0.0.1", "Address to listen on.")
    port: int = setting(integer(1, 65535), 8000, "TCP port to listen on.")
    unix_domain_socket: Path | None = setting(
        path, None, "Socket to listen on instead, e.g. /run/camcops/camcops.socket."
    )
    ssl_certificate: Path | None = setting(
        existing_file, None, "TLS certificate; leave blank behind a front-end web server."
    )
    ssl_private_key: Path | None = setting(existing_file, None, "Its private key.")
    require_https: bool = setting(
        boolean,
        False,
        "Refuse requests that did not come by HTTPS. Those of which a trusted header says so are refused "
        "anyway.",
    )
    max_upload_mb: int = setting(
        integer(1),
        256,
        "Largest request of a tablet, in millions of bytes; a longer one is told so.",
    )
    static_cache_duration_s: int = setting(
        integer(0), 86400, "Seconds for which browsers may keep style sheets and pictures."
    )
    debug_toolbar: bool = setting(boolean, False, "Developers only: a security risk.")
    show_requests: bool = setting(boolean, False, "Log each request.")
    show_request_immediately: bool = setting(boolean, False, "Log it at its beginning too.")
    show_response: bool = setting(boolean, False, "Log the status of the answer.")
    show_timing: bool = setting(boolean, False, "Log the time taken.")
    debug_reverse_proxy: bool = setting(boolean, False, "Log what the proxy layer changes.")
    proxy_http_host: str | None = setting(optional_text, None, "Fixed host name.")
    proxy_remote_addr: str | None = setting(remote_address, None, "Fixed address of the client.")
    proxy_script_name: str | None = setting(
        optional_text, None, "Fixed mount point, e.g. /camcops."
    )
    proxy_server_name: str | None = setting(optional_text, None, "Fixed server name.")
    proxy_server_port: int | None = setting(optional_port, None, "Fixed server port.")
    proxy_url_scheme: str | None = setting(optional_text, None, "Fixed scheme: http or https.")
    proxy_rewrite_path_info: bool = setting(
        boolean, False, "Cut the mount point off paths (not for Apache's ProxyPass)."
    )
    trusted_proxy_headers: tuple[str, ...] = setting(
        words(PROXY_HEADERS),
        (),
        "Headers that your front-end server sets itself, and so may be believed, one a line.",
        specimen="\n".join(
            (
                "HTTP_X_FORWARDED_HOST",
                "HTTP_X_FORWARDED_SERVER",
                "HTTP_X_FORWARDED_PORT",
                "HTTP_X_FORWARDED_PROTO",
                "HTTP_X_FORWARDED_FOR",
                "HTTP_X_SCRIPT_NAME",
            )
        ),
        multiline=True,
    )
    trusted_proxy_hops: int = setting(
        integer(1), 1, "How many front-end servers of yours stand between client and program."
    )
    external_url_scheme: str = setting(text, "https", "Scheme of addresses in e-mails and exports.")
    external_server_name: str | None = setting(
        optional_text, None, "Their host; blank: HOST.", specimen="camcops.mydomain"
    )
    external_server_port: int | None = setting(optional_port, None, "Their port; blank: PORT.")
    external_script_name: str | None = setting(optional_text, None, "Their mount point.")
    cherrypy_server_name: str = setting(text, "localhost", "CherryPy: server name.")
    cherrypy_threads_start: int = setting(integer(1), 10, "CherryPy: threads at the start.")
    cherrypy_threads_max: int = setting(integer(-1), 100, "CherryPy: most threads; -1: no limit.")
    cherrypy_log_screen: bool = setting(boolean, True, "CherryPy: log requests on the terminal.")
    cherrypy_root_path: str = setting(text, "/", "CherryPy: mount point.")
    gunicorn_num_workers: int = setting(
        integer(1),
        2 * (os.cpu_count() or 1),
        "Gunicorn: processes.",
        shown_default="2 x processors",
    )
    gunicorn_timeout_s: int = setting(
        integer(1), 30, "Gunicorn: seconds until a stuck process is replaced.", specimen="300"
    )
    gunicorn_debug_reload: bool = setting(boolean, False, "Developers: reload changed code.")
    debug_show_gunicorn_options: bool = setting(boolean, False, "Developers: log its options.")
