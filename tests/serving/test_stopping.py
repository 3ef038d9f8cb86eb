# SPDX-License-Identifier: GPL-3.0-or-later
"""Gunicorn told to stop while a process of it is only beginning: it does not wait for that process."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.running import free_port

SLOW_TO_BEGIN = """
import logging, sys, time
from camcops.config.server import ServerSettings
from camcops.serving import gunicorn

def after_fork():
    print("begun", flush=True)
    time.sleep(5)

logging.basicConfig(level=logging.INFO)
settings = ServerSettings(port=int(sys.argv[1]), gunicorn_num_workers=2, gunicorn_timeout_s=300)
gunicorn.serve(lambda environ, start: [], settings, after_fork)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_only_begins_does_not_hold_up_the_stop(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", SLOW_TO_BEGIN, str(free_port())]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    assert "begun" in process.stdout.readline()
    told_at = time.monotonic()

    process.send_signal(number)

    try:
        assert process.wait(30) == 0
        assert time.monotonic() - told_at < 4
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
