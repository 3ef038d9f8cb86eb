# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces of shell script that set CamCOPS up in a clean Debian and serve there."""

#: As Supervisor with `user =` starts a program: its home is root's, which it can't even read.
WEB_USER = (
    "setpriv --reuid=www-data --regid=www-data --clear-groups"
    " env HOME=/root CAMCOPS_CONFIG_FILE=/etc/camcops/camcops.conf"
)

#: A configuration with the embedded database, its tables and a superuser.
CONFIGURE = f"""
cd /
camcops_server demo_camcops_config >/etc/camcops/camcops.conf
sed -i 's#^UNIX_DOMAIN_SOCKET =.*#UNIX_DOMAIN_SOCKET = /run/camcops/camcops.socket#' /etc/camcops/camcops.conf
chown www-data: /etc/camcops/camcops.conf
chmod 0600 /etc/camcops/camcops.conf
{WEB_USER} camcops_server check_config
{WEB_USER} camcops_server upgrade_db --config /etc/camcops/camcops.conf
echo 'Correct horse 7 battery' |
    {WEB_USER} camcops_server make_superuser --config /etc/camcops/camcops.conf \\
        --username admin --password_stdin
"""

ASK = """
import socket, sys
from pathlib import Path

def ask(path):
    with socket.socket(socket.AF_UNIX) as link:
        link.connect("/run/camcops/camcops.socket")
        link.sendall(f"GET {path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n".encode())
        head, _, body = link.makefile("rb").read().partition(b"\\r\\n\\r\\n")
    return head.split()[1].decode(), body

status, body = ask("/healthz")
print("healthz:", status, body.decode().strip())
static = Path("/usr/share/camcops/server/static/theme.css").read_bytes()
print("static:", "same" if ask("/static/theme.css")[1] == static else "different")
"""

#: Begins to serve; the process ends with the script.
SERVE = f"""
{WEB_USER} camcops_server serve_gunicorn >/tmp/serve.log 2>&1 &
for _ in $(seq 300); do [ -S /run/camcops/camcops.socket ] && break; sleep 0.1; done
cat >/tmp/ask.py <<'END'
{ASK}
END
{WEB_USER} python3 /tmp/ask.py || {{ cat /tmp/serve.log; exit 1; }}
"""
