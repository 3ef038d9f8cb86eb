# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration as a newcomer meets it: started, logged in to, looked at, ended and started again."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from camcops.problems import DEMONSTRATION_FOLDER_IN_USE, Problem
from tests.running import free_port
from tests.web.browser import Browser

PATIENCE_S = 120
ADDRESS = re.compile(r"Open +http://127\.0\.0\.1:(\d+)/")


@contextmanager
def demonstration(folder: Path, told: Path) -> Iterator[Callable[[], str]]:
    """Run `demo` until the block ends it with Ctrl-C; gives what it has printed once it serves."""
    command = [sys.executable, "-m", "camcops", "demo", "--port", str(free_port())]
    with told.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--directory", str(folder)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            preexec_fn=_heed_interrupts,
        )

    def printed() -> str:
        end = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < end:
            if ADDRESS.search(text := told.read_text("utf-8")):
                return text
            time.sleep(0.1)
        raise AssertionError(told.read_text("utf-8"))

    try:
        yield printed
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0, told.read_text("utf-8")


def _heed_interrupts() -> None:
    """Tests that run in the background inherit that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def port_of(printed: str) -> int:
    found = ADDRESS.search(printed)
    assert found
    return int(found[1])


@pytest.mark.slow
def test_the_printed_address_and_log_ins_work(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with demonstration(folder, tmp_path / "first") as printed:
        text = printed()
        port = port_of(text)
        password = text.partition("each with the password")[2].split()[0]
        with urlopen(f"http://127.0.0.1:{port}", timeout=20) as answer:
            assert b'name="password"' in answer.read()
        for user in ("clinician", "researcher"):
            browser = Browser(port)
            assert browser.log_in(user, password).status == 303
            page = browser.get("/webview/tasks").text
            paths = re.findall(r'href="(/webview/tasks/\w+/\d+)"', page)
            assert len(set(paths)) == 25
            for path in paths[:3]:
                assert browser.get(path).status == 200
                assert browser.get(f"{path}/pdf").body.startswith(b"%PDF-")
        tablet = Browser(port)
        assert tablet.log_in("clinic_tablet", password).status == 401
    with pytest.raises(URLError):
        urlopen(f"http://127.0.0.1:{port}", timeout=5)
    assert (folder / "log-ins.txt").stat().st_mode & 0o077 == 0
    with demonstration(folder, tmp_path / "second") as printed:
        text = printed()
        assert password in text
        assert "Uploading" not in text


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    from camcops.demonstration.show import show

    mine = tmp_path / "camcops.conf"
    mine.write_text("mine")
    with pytest.raises(Problem) as caught:
        show(tmp_path, free_port(), print)

    assert caught.value.kind is DEMONSTRATION_FOLDER_IN_USE
    assert [path.name for path in tmp_path.iterdir()] == ["camcops.conf"]
    assert mine.read_text() == "mine"
