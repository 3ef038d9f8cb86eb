# SPDX-License-Identifier: GPL-3.0-or-later
"""Apache as the front end: TLS, static files, and the way to the program behind it."""

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


def apache_config(site: Installation) -> str:
    """A whole site: the virtual host for https, and the one that sends plain http there."""
    return f"{_heading(site)}\n{_plain_host(site)}\n{_tls_host(site)}"


def apache_section(site: Installation) -> str:
    """Only what belongs within an existing `<VirtualHost *:443>`, for a site beside others."""
    start = heading(
        f"Apache configuration of {site.instance}, mounted at {site.path or '/'}",
        "Include it within the <VirtualHost *:443> of the host; its port-80 host must not serve this path.",
        "Modules: proxy, proxy_http, headers, ssl, alias.",
    )
    return f"{start}\n{section(site)}"


def _heading(site: Installation) -> str:
    ports = [
        f"Listen {port}"
        for port, usual in ((site.https_port, 443), (site.http_port, 80))
        if port != usual
    ]
    listen = [f"Apache must have been told: {', '.join(ports)}."] if ports else []
    return heading(
        f"Apache configuration of {site.instance}, mounted at {site.path or '/'}",
        "For Apache 2.4.34 or newer. Debian: save it as",
        f"/etc/apache2/sites-available/{site.instance}.conf, then",
        f"  a2enmod proxy proxy_http headers ssl alias && a2ensite {site.instance} && apachectl graceful",
        *listen,
        f"Give certificate and key with --certificate and --key, or put them at {site.certificate_file}",
        f"and {site.key_file}. Apache must run as {site.user}, to whom the socket's folder belongs.",
        "In the CamCOPS configuration, TRUSTED_PROXY_HEADERS must list HTTP_X_FORWARDED_FOR,",
        "HTTP_X_FORWARDED_HOST, HTTP_X_FORWARDED_PORT, HTTP_X_FORWARDED_PROTO and HTTP_X_SCRIPT_NAME.",
    )


def _plain_host(site: Installation) -> str:
    inner = pattern(site.path)
    return f"""\
# Plain http: pages are sent to https; tablets, which must never use it, are refused.

<VirtualHost *:{site.http_port}>
    ServerName {site.host}
    <Location "{site.path or "/"}">
        Require method GET HEAD
        RedirectMatch 403 "^{inner}/(database|api)(/|$)"
        RedirectMatch 301 "^({inner}(/.*)?)$" "https://{site.authority}$1"
    </Location>
    TraceEnable off
{_log(site)}
</VirtualHost>
"""


def _tls_host(site: Installation) -> str:
    return f"""\
<VirtualHost *:{site.https_port}>
    ServerName {site.host}

    SSLEngine on
    SSLCertificateFile "{site.certificate_file}"
    SSLCertificateKeyFile "{site.key_file}"
# Only if the certificate's file lacks its issuer's certificates:
#   SSLCertificateChainFile "/etc/ssl/certs/chain.pem"
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    SSLCipherSuite {CIPHERS}
    SSLSessionTickets off

    TraceEnable off
    Timeout {SECONDS}
    <IfModule reqtimeout_module>
        RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500
    </IfModule>

{_own_name(site)}
{_log(site)}

{indented(section(site))}\
</VirtualHost>
"""


def _own_name(site: Installation) -> str:
    return f"""\
# Asked for by a name that is not this site's, as the first host of a machine is, it shows nothing.
# A second name of the site belongs here, as (first|second), and into a ServerAlias.
    <If "%{{HTTP_HOST}} !~ /^{re.escape(site.host)}(:[0-9]+)?$/i">
        Require all denied
    </If>
"""


def _log(site: Installation) -> str:
    """Addresses can hold patients' names after the question mark, and so can referrers: neither is logged."""
    folder = site.front_end_logs or "/var/log/apache2"
    return f"""\
# Without query strings and referrers, which can name patients.
    CustomLog "{folder}/{site.instance}_access.log" "%h %l %u %t \\"%m %U %H\\" %>s %b"
"""


def section(site: Installation) -> str:
    """Directives whose order matters: the first that fits a path wins."""
    return "\n".join((_claims(), _static(site), _way(site), _place(site)))


def _claims() -> str:
    lines = "".join(f"RequestHeader unset {name} early\n" for name in claims())
    return (
        f"# What a client claims about itself is taken off before Apache adds its own.\n\n{lines}"
    )


def _static(site: Installation) -> str:
    path, inner = site.path, pattern(site.path)
    return f"""\
# Static files come from the disk, also while the program is stopped. The institution's logo is
# LOCAL_LOGO_FILE_ABSOLUTE of the CamCOPS configuration, unless this file exists when Apache starts:

<IfFile "{site.logo_file}">
    Alias "{path}/static/logo_local.png" "{site.logo_file}"
    ProxyPassMatch "^{inner}/static/logo_local\\.png$" !
</IfFile>
Alias "{path}/static/" "{site.static}/"
<Directory "{site.logo_file.parent}">
    Require all granted
</Directory>
<Directory "{site.static}">
    Options -Indexes +FollowSymLinks
    AllowOverride None
    Require all granted
</Directory>
ProxyPassMatch "^{inner}/static/(?!logo_local\\.png$)" !
<LocationMatch "^{inner}/static/(?!logo_local\\.png$)">
    Header set Cache-Control "public, max-age={STATIC_CACHE_S}"
    Header set X-Content-Type-Options "nosniff"
    Header set Cross-Origin-Resource-Policy "same-origin"
    <If "%{{QUERY_STRING}} =~ /^v=[0-9a-f]+$/">
        Header set Cache-Control "public, max-age={A_YEAR_S}, immutable"
    </If>
</LocationMatch>
"""


def _way(site: Installation) -> str:
    """Both end with `/` or neither does, else the program would be asked for `//login` or `login`."""
    here = site.path or "/"
    slash = "" if site.path else "/"
    options = f"retry=0 timeout={SECONDS} disablereuse=on"
    by_port = f"http://127.0.0.1:{site.port or 8000}{slash}"
    by_socket = f"http://{site.dummy_host}{slash}"
    if site.socket_file is None:
        return f"""\
# The program listens on a TCP port of this machine.

ProxyPass "{here}" "{by_port}" {options}
ProxyPassReverse "{here}" "{by_port}"
"""
    return f"""\
# By a TCP port it would be:
#   ProxyPass "{here}" "{by_port}" {options}
#   ProxyPassReverse "{here}" "{by_port}"
# The program listens on a socket. The host after the bar is never looked up, but must be another for
# each instance on this machine, and http: never https.

ProxyPass "{here}" "unix:{site.socket_file}|{by_socket}" {options}
ProxyPassReverse "{here}" "{by_socket}"
"""


def _place(site: Installation) -> str:
    mounted = f'\n    RequestHeader set X-Script-Name "{site.path}"' if site.path else ""
    return f"""\
<Location "{site.path or "/"}">
    Require all granted
    RequestHeader set X-Forwarded-Proto "https"
    RequestHeader set X-Forwarded-Port "expr=%{{SERVER_PORT}}"{mounted}
    LimitRequestBody {site.largest_body}
    Header onsuccess unset Strict-Transport-Security
    Header always set Strict-Transport-Security "max-age={A_YEAR_S}"
</Location>
"""
