# SPDX-License-Identifier: GPL-3.0-or-later
"""The serving commands as an administrator starts them: real processes, start and stop."""

import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from camcops.db.database import Database
from tests.running import free_port, running_server, write_config

pytestmark = pytest.mark.slow


def test_gunicorn_serves_and_stops_when_asked(sqlite_database: Database, tmp_path: Path) -> None:
    with running_server(tmp_path, sqlite_database.engine.url, SHOW_REQUESTS="true") as server:
        with urlopen(f"{server.address}/webview") as answer:
            page = answer.read().decode()
        assert server.stop() == 0

    assert "You are not logged in" in page
    assert '"GET /webview HTTP/1.1"' in server.log.read_text()
    assert "Control socket" not in server.log.read_text()


def test_bad_option_is_refused_by_name(sqlite_database: Database, tmp_path: Path) -> None:
    config = write_config(tmp_path, sqlite_database.engine.url, free_port())
    command = [sys.executable, "-m", "camcops", "serve_gunicorn", "--config", str(config)]

    done = subprocess.run(
        [*command, "--port", "99999"], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert "PORT" in done.stderr
    assert "Traceback" not in done.stderr
