# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of our programs run on this machine with a configuration, as Linux tells in /proc."""

import datetime as dt
import os
import time
from dataclasses import dataclass
from pathlib import Path

PROCESSES = Path("/proc")
LASTING = ("serve_", "launch_")
"""How the commands begin that run until they are stopped."""


@dataclass(frozen=True, slots=True)
class Program:
    """A lasting command; `since_utc` has no zone. `outdated`: it began before its file was last written."""

    pid: int
    command: str
    since_utc: dt.datetime
    outdated: bool


def running(config: Path) -> tuple[Program, ...]:
    """Those whose command line names the file, each by its first process. None where there is no /proc."""
    changed = config.stat().st_mtime
    found = {}
    parents = {}
    for folder in PROCESSES.glob("[0-9]*"):
        try:
            command = _command(folder, config)
            if command is None:
                continue
            parent, began = _origin(folder)
        except OSError:
            continue  # it has ended meanwhile, or is hidden from us
        since = dt.datetime.fromtimestamp(int(began), dt.UTC).replace(tzinfo=None)
        pid = int(folder.name)
        parents[pid] = parent
        found[pid] = Program(pid, command, since, outdated=began < changed)
    return tuple(found[pid] for pid in sorted(found) if parents[pid] not in found)


def _command(process: Path, config: Path) -> str | None:
    """The lasting command that a process runs with this configuration, if it does."""
    words = os.fsdecode((process / "cmdline").read_bytes()).split("\0")
    command = next((word for word in words if word.startswith(LASTING)), None)
    if command is None:
        return None
    try:
        home = (process / "cwd").readlink()
    except PermissionError:  # another user's: only whole paths can be told
        home = Path("/")
    named = (Path(os.path.normpath(home / word.removeprefix("--config="))) for word in words)
    return command if config in named else None


def _origin(process: Path) -> tuple[int, float]:
    """The parent of a process, and when it began, in seconds since 1970."""
    # After the name of the program, which may contain anything: state, parent, and so on.
    numbers = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()
    machine_began = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    ticks = int(numbers[19]) + 1  # rounded down by Linux
    return int(numbers[1]), machine_began + ticks / os.sysconf("SC_CLK_TCK")
