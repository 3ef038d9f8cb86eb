# SPDX-License-Identifier: GPL-3.0-or-later
"""The real `launch_…` processes: started, watched, asked to end."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 30.0
LONGEST_END_S = 10.0


def wait_for(condition: Callable[[], bool], says: str = "it did not happen in time") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, says
        time.sleep(0.02)


@dataclass
class Background:
    """A process of a `launch_…` command and the file of its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_for_line(self, text: str) -> None:
        wait_for(lambda: text in self.log.read_text(), f"not in the log: {text}")

    def stop(self) -> int:
        """Ask it to end, as Supervisor does; the exit status. It may take ten seconds."""
        self.process.terminate()
        return self.process.wait(LONGEST_END_S)


@contextmanager
def launched(command: str, config: Path) -> Iterator[Background]:
    """A process with a log of its own, killed at the end if it still runs."""
    descriptor, log = tempfile.mkstemp(".log", command, config.parent)
    with open(descriptor, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "camcops", command, "--config", str(config)],
            stdout=output,
            stderr=output,
        )
    try:
        yield Background(process, Path(log))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
