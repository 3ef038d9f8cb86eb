# SPDX-License-Identifier: GPL-3.0-or-later
"""The founding manual's first steps when nothing works, word for word: `cat`, `serve_pyramid`, `wget`."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from camcops.db.database import Database
from tests.jobs.background import wait_for
from tests.running import free_port, write_config

MANUALS_PORT = 8000

pytestmark = pytest.mark.slow


def is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_cat_serve_wget(sqlite_database: Database, tmp_path: Path) -> None:
    if shutil.which("wget") is None:
        pytest.skip("wget is not installed")
    port = MANUALS_PORT if is_free(MANUALS_PORT) else free_port()
    config = write_config(tmp_path, sqlite_database.engine.url, port)
    program = tmp_path / "camcops_server"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m camcops "$@"\n')
    program.chmod(0o700)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    log = tmp_path / "log"

    shown = subprocess.run(f"cat {config}", shell=True, capture_output=True, check=True)
    assert b"[server]" in shown.stdout
    with log.open("wb") as output:
        server = subprocess.Popen(
            ["camcops_server", "serve_pyramid", "--config", config],
            stdout=output,
            stderr=output,
            env=environment,
        )
    try:
        wait_for(lambda: f"Listening on http://127.0.0.1:{port}/" in log.read_text())
        fetch = f"wget http://127.0.0.1:{port}"
        subprocess.run(fetch, shell=True, check=True, cwd=tmp_path, capture_output=True)
    finally:
        server.send_signal(signal.SIGTERM)
        status = server.wait(20)
    page = (tmp_path / "index.html").read_text()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "You are not logged in" in page
    assert '"GET / HTTP/1.1"' in log.read_text()
    assert status == 0
