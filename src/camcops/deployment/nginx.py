# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx as the front end: TLS, static files, and the way to the program behind it."""

import re

from camcops.deployment.installation import Installation, heading
from camcops.deployment.proxying import (
    A_YEAR_S,
    CIPHERS,
    SECONDS,
    STATIC_CACHE_S,
    claims,
    indented,
    pattern,
)


def nginx_config(site: Installation) -> str:
    """A whole site: the server for https, and the one that sends plain http there."""
    return f"{_heading(site)}\n{_log_format(site)}\n{_plain_server(site)}\n{_tls_server(site)}"


def nginx_section(site: Installation) -> str:
    """Only what belongs within an existing `server { listen 443 ssl; … }`, for a site beside others."""
    start = heading(
        f"nginx configuration of {site.instance}, mounted at {site.path or '/'}",
        "Include it within the https server of the host; its port-80 server must not serve this path.",
    )
    return f"{start}\n{section(site)}"


def _heading(site: Installation) -> str:
    return heading(
        f"nginx configuration of {site.instance}, mounted at {site.path or '/'}",
        f"Debian: save it as /etc/nginx/sites-available/{site.instance}, link it into sites-enabled, then",
        "  nginx -t && systemctl reload nginx",
        f"Give certificate and key with --certificate and --key, or put them at {site.certificate_file}",
        f"and {site.key_file}. nginx must run as {site.user}, to whom the socket's folder belongs.",
        "In the CamCOPS configuration, TRUSTED_PROXY_HEADERS must list HTTP_X_FORWARDED_FOR,",
        "HTTP_X_FORWARDED_HOST, HTTP_X_FORWARDED_PORT, HTTP_X_FORWARDED_PROTO and HTTP_X_SCRIPT_NAME.",
    )


def _log_format(site: Installation) -> str:
    return f"""\
# Without query strings and referrers, which can name patients.

log_format {site.instance} '$remote_addr - $remote_user [$time_local] '
    '"$request_method $uri $server_protocol" $status $body_bytes_sent';
"""


def _log(site: Installation) -> str:
    folder = site.front_end_logs or "/var/log/nginx"
    return f"access_log {folder}/{site.instance}_access.log {site.instance};"


def _plain_server(site: Installation) -> str:
    path = pattern(site.path)
    return f"""\
# Plain http: pages are sent to https; tablets, which must never use it, are refused.

server {{
    listen {site.http_port};
    listen [::]:{site.http_port};
    server_name {site.host};
    server_tokens off;
    {_log(site)}

    if ($request_method !~ ^(GET|HEAD)$) {{
        return 403;
    }}
    location ~ ^{path}/(database|api)(/|$) {{
        return 403;
    }}
    location ~ ^{path}(/|$) {{
        return 301 https://{site.authority}$request_uri;
    }}
}}
"""


def _tls_server(site: Installation) -> str:
    return f"""\
server {{
    listen {site.https_port} ssl;
    listen [::]:{site.https_port} ssl;
    server_name {site.host};
    server_tokens off;
    {_log(site)}

    ssl_certificate {site.certificate_file};
    ssl_certificate_key {site.key_file};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers {CIPHERS};
    ssl_session_cache shared:{site.instance}:5m;
    ssl_session_tickets off;

# Asked for by a name that is not this site's, as the first server of a machine is, it shows nothing.
# A second name of the site belongs here, as (first|second), and into server_name.
    if ($host !~* ^{re.escape(site.host)}$) {{
        return 403;
    }}

{indented(section(site))}}}
"""


def section(site: Installation) -> str:
    """Locations whose order matters: the first pattern that fits a path wins."""
    return f"{_logo(site)}{_static(site)}\n{_way(site)}"


def _logo(site: Installation) -> str:
    if site.logo is None:
        return ""
    return f"""\
location = {site.path}/static/logo_local.png {{
    alias {site.logo_file};
}}
"""


def _static(site: Installation) -> str:
    return f"""\
# Static files come from the disk, also while the program is stopped. The institution's logo is
# LOCAL_LOGO_FILE_ABSOLUTE of the CamCOPS configuration, unless --logo named a file here.

location ~ ^{pattern(site.path)}/static/(?!logo_local\\.png$)(?<static_file>.*)$ {{
    alias {site.static}/$static_file;
    gzip on;
    gzip_types text/css text/javascript application/javascript image/svg+xml;
    set $static_cache "public, max-age={STATIC_CACHE_S}";
    if ($args ~ "^v=[0-9a-f]+$") {{
        set $static_cache "public, max-age={A_YEAR_S}, immutable";
    }}
    add_header Cache-Control $static_cache;
    add_header X-Content-Type-Options nosniff always;
    add_header Cross-Origin-Resource-Policy same-origin always;
    add_header Strict-Transport-Security "max-age={A_YEAR_S}" always;
}}
"""


def _way(site: Installation) -> str:
    path = pattern(site.path)
    target = f"unix:{site.socket_file}:" if site.socket_file else f"127.0.0.1:{site.port}"
    place = f"~ ^{path}(/|$)" if site.path else "/"
    ours = {
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Host": "$http_host",
        "X-Forwarded-Port": "$server_port",
        "X-Forwarded-Proto": "https",
        "X-Script-Name": site.path or '""',
    }
    headers = "".join(
        f"    proxy_set_header {name} {ours.get(name) or chr(34) * 2};\n" for name in claims()
    )
    return f"""\
# Everything else is the program's. What a client claims about itself is replaced, or taken off.

location {place} {{
    rewrite ^{path}/*(.*)$ /$1 break;
    proxy_pass http://{target};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
{headers}    proxy_hide_header Strict-Transport-Security;
    add_header Strict-Transport-Security "max-age={A_YEAR_S}" always;

    client_max_body_size {site.largest_body};
    client_body_timeout {SECONDS}s;
    send_timeout {SECONDS}s;
    proxy_connect_timeout 10s;
    proxy_send_timeout {SECONDS}s;
    proxy_read_timeout {SECONDS}s;
    proxy_max_temp_file_size 0;
}}
"""
