# SPDX-License-Identifier: GPL-3.0-or-later
"""UNIX sockets: one that a killed server left is replaced; one that a living server uses is respected."""

import subprocess
import sys
from pathlib import Path

import pytest

from camcops.db.database import Database
from tests.serving.served import SOCKET, served

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("command", ["serve_gunicorn", "serve_cherrypy"])
def test_left_over_is_replaced_and_a_living_one_respected(
    sqlite_database: Database, tmp_path: Path, command: str
) -> None:
    url = sqlite_database.engine.url
    with served(command, SOCKET, tmp_path, url, GUNICORN_NUM_WORKERS="1") as server:
        server.kill()
        assert server.socket_path.is_socket()
        server.start()
        assert "left behind by a server that has died" in server.log
        second = subprocess.run(
            [sys.executable, "-m", "camcops", command, "--config", str(server.config)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert second.returncode == 1
        assert "Another program listens on the socket" in second.stderr
        assert "Traceback" not in second.stderr
        assert server.is_healthy()
