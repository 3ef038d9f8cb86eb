# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations and memory, and how they are summed up."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

MIB = 1024 * 1024
LOOK_EVERY_S = 0.02


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below or at which so many per cent of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median_seconds(work: Callable[[], object], rounds: int) -> float:
    """The median time of so many runs."""
    return statistics.median(seconds(work) for _ in range(rounds))


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def milliseconds(duration: float) -> str:
    """A duration (in seconds) as text, with as many digits as mean something."""
    value = duration * 1000
    return f"{value:.0f} ms" if value >= 20 else f"{value:.1f} ms"


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in found.split()]


def processor_seconds(pid: int) -> float:
    """What a process and those it has started have had of the processors until now."""
    ticks = 0
    for one in (pid, *children(pid)):
        # After the name, which may hold anything but ends with the last parenthesis.
        numbers = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(numbers[11]) + int(numbers[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def proportional_memory(pids: Iterable[int]) -> int:
    """Bytes that these processes take together; pages they share count once (PSS)."""
    return sum(_kib(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") for pid in pids) * 1024


def resident_memory(pid: int) -> int:
    """Bytes of a process that are in memory now."""
    return _kib(Path(f"/proc/{pid}/status"), "VmRSS:") * 1024


def forget_peak(pid: int) -> None:
    """Begin to look for the process's largest size anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_memory(pid: int) -> int:
    """The most bytes that the process had in memory since `forget_peak`."""
    return _kib(Path(f"/proc/{pid}/status"), "VmHWM:") * 1024


def run_to_end(command: Sequence[str]) -> tuple[float, int]:
    """Run a command: its seconds, and the most bytes that it and those it started had, each for itself.

    Raises RuntimeError if it fails.
    """
    began = time.perf_counter()
    highest: dict[int, int] = {}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        while process.poll() is None:
            try:
                for pid in (process.pid, *children(process.pid)):
                    highest[pid] = max(highest.get(pid, 0), peak_memory(pid))
            except (OSError, StopIteration):
                pass  # it has just ended
            time.sleep(LOOK_EVERY_S)
        taken = time.perf_counter() - began
        output.seek(0)
        said = output.read().decode()
    if process.returncode != os.EX_OK:
        raise RuntimeError(f"{' '.join(command)}: {said}")
    return taken, sum(highest.values())


def _kib(path: Path, key: str) -> int:
    return next(
        int(line.split()[1]) for line in path.read_text().splitlines() if line.startswith(key)
    )
