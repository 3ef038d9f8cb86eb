# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running server's processes use, from /proc."""

from pathlib import Path

from tests.faults.restartable_server import descendants


def memory_mb(pid: int) -> float:
    """Memory of a process and its descendants, shared parts counted once (PSS)."""
    return sum(map(_proportional_kb, [pid, *descendants(pid)])) / 1024


def open_files(pid: int) -> int:
    """Open files and connections of a process and its descendants."""
    return sum(len(list(Path(f"/proc/{one}/fd").iterdir())) for one in [pid, *descendants(pid)])


def _proportional_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, amount = line.partition(":")
        if name == "Pss":
            return int(amount.split()[0])
    raise AssertionError("no Pss")
