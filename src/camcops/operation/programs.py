# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of our programs run on this machine with a configuration, as Linux tells in /proc."""

import datetime as dt
import itertools
import os
import time
from dataclasses import dataclass
from pathlib import Path

from camcops import CONFIG_VARIABLE
from camcops.db.instants import utc_at

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
    """Those started with the file, each by its first process. None where there is no /proc.

    Another user's program is known only if its command line names the file, with its whole path.
    """
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
        pid = int(folder.name)
        parents[pid] = parent
        found[pid] = Program(pid, command, utc_at(began), outdated=began < changed)
    return tuple(found[pid] for pid in sorted(found) if parents[pid] not in found)


def _command(process: Path, config: Path) -> str | None:
    """The lasting command that a process runs with this configuration, if it does."""
    words = os.fsdecode((process / "cmdline").read_bytes()).split("\0")
    command = next((word for word in words if word.startswith(LASTING)), None)
    if command is None:
        return None
    named = Path(_named(process, words))
    if not named.is_absolute():
        named = (process / "cwd").readlink() / named
    return command if Path(os.path.normpath(named)) == config else None


def _named(process: Path, words: list[str]) -> str:
    """The file that the command line names, else the environment; "" if neither does."""
    for word, following in itertools.pairwise(words):
        name, equals, value = word.partition("=")
        if len(name) > len("--") and "--config".startswith(name):  # it may be abbreviated
            return value if equals else following
    environment = os.fsdecode((process / "environ").read_bytes()).split("\0")
    values = dict(entry.partition("=")[::2] for entry in environment)
    return values.get(CONFIG_VARIABLE, "")


def _origin(process: Path) -> tuple[int, float]:
    """The parent of a process, and when it began, in seconds since 1970."""
    # After the name of the program, which may contain anything: state, parent, and so on.
    numbers = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()
    machine_began = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    ticks = int(numbers[19]) + 1  # rounded down by Linux
    return int(numbers[1]), machine_began + ticks / os.sysconf("SC_CLK_TCK")
