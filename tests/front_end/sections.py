# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator adds to the front-end server's configuration, as the program prints it."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.front_end.authority import Certificates


@dataclass(frozen=True)
class Mount:
    """One way from the network to a back end. `path` is `/camcops`, or empty for the root."""

    path: str
    https_port: int
    http_port: int
    static: Path
    logo: Path
    port: int | None = None
    socket: Path | None = None
    instance: str = "camcops"
    """Its name, which generated sections of one front-end server must not share."""

    @property
    def address(self) -> str:
        return f"https://localhost:{self.https_port}{self.path}"

    @property
    def plain_address(self) -> str:
        return f"http://localhost:{self.http_port}{self.path}"


def generated(kind: str, mount: Mount, made: Certificates, logs: Path) -> str:
    """What `demo_apache_config` or `demo_nginx_config` prints for this mount."""
    way = ["--socket", mount.socket] if mount.socket else ["--port", mount.port]
    options = {
        "--instance": mount.instance,
        "--host": "localhost",
        "--path": mount.path or "/",
        "--https_port": mount.https_port,
        "--http_port": mount.http_port,
        "--static": mount.static,
        "--logo": mount.logo,
        "--certificate": made.certificate,
        "--key": made.key,
        "--front_end_logs": logs,
    }
    command = [sys.executable, "-m", "camcops", f"demo_{kind}_config", *way]
    for name, value in options.items():
        command += [name, value]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def nginx(mount: Mount, made: Certificates) -> str:
    """Two servers of nginx."""
    path = mount.path
    target = f"http://unix:{mount.socket}:/" if mount.socket else f"http://127.0.0.1:{mount.port}/"
    return f"""
    server {{
        listen 127.0.0.1:{mount.https_port} ssl;
        server_name localhost;
        absolute_redirect off;
        ssl_certificate {made.certificate};
        ssl_certificate_key {made.key};
        ssl_protocols TLSv1.2 TLSv1.3;
        client_max_body_size 300m;
        location = {path}/static/logo_local.png {{ alias {mount.logo}; }}
        location {path}/static/ {{ alias {mount.static}/; }}
        location = {path or "/@"} {{ return 301 {path}/; }}
        location {path}/ {{
            proxy_pass {target};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-Server $host;
            proxy_set_header X-Script-Name "{path}";
            proxy_read_timeout 300s;
        }}
    }}
    server {{
        listen 127.0.0.1:{mount.http_port};
        server_name localhost;
        location ~ ^{path}/(api|database)/?$ {{ return 403; }}
        location / {{ return 301 https://localhost:{mount.https_port}$request_uri; }}
    }}
"""
