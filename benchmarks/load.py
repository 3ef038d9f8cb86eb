# SPDX-License-Identifier: GPL-3.0-or-later
"""Load: several devices, each sending one thing after the other for a while, and what came of it."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TypeVar

from benchmarks.connection import Connection
from benchmarks.device import Device, Failed
from benchmarks.plan import Plan
from benchmarks.timing import processor_seconds

Kind = TypeVar("Kind", bound=Hashable)

Turn = Callable[[], None]
"""One unit of work of one device; raises `Failed`, OSError or HTTPException if it failed."""


@dataclass
class Outcome:
    """Successful turns and their seconds, failures, and the time spent in all, over all rounds."""

    turns: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    elapsed: float = 0.0
    processor: float = 0.0
    """Seconds of the processors that the server's processes (not the database's) took."""

    @property
    def rate(self) -> float:
        """Successful turns a second."""
        return len(self.turns) / self.elapsed

    def add(self, other: "Outcome") -> None:
        self.turns += other.turns
        self.failures += other.failures
        self.elapsed += other.elapsed
        self.processor += other.processor

    @property
    def cost(self) -> float:
        """Seconds of the processors a turn."""
        return self.processor / max(1, len(self.turns) + len(self.failures))


def at_once(turns: Sequence[Turn], duration: float, pid: int) -> Outcome:
    """Let each device take turns until `duration` (seconds) has passed. `pid`: of the server."""
    outcome, lock = Outcome(), threading.Lock()
    give_up_at = time.perf_counter() + duration

    def work(turn: Turn) -> None:
        done: list[float] = []
        failures: list[str] = []
        while (began := time.perf_counter()) < give_up_at:
            try:
                turn()
                done.append(time.perf_counter() - began)
            except (Failed, OSError, HTTPException) as failure:
                failures.append(f"{type(failure).__name__}: {failure}")
        with lock:
            outcome.turns += done
            outcome.failures += failures

    began, before = time.perf_counter(), processor_seconds(pid)
    threads = [threading.Thread(target=work, args=(turn,)) for turn in turns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.elapsed = time.perf_counter() - began
    outcome.processor = processor_seconds(pid) - before
    return outcome


def turn_about(
    kinds: Mapping[Kind, tuple[Sequence[Turn], int]],
    plan: Plan,
    prepare: Callable[[Kind], None] = lambda kind: None,
) -> dict[Kind, Outcome]:
    """Each kind (turns at once, process of their server) after the other, several times over, so that
    all meet the same machine. `prepare` is called before each.
    """
    outcomes = {kind: Outcome() for kind in kinds}
    for number in range(plan.rounds + 1):
        for kind, (turns, pid) in kinds.items():
            prepare(kind)
            outcome = at_once(turns, plan.seconds if number else plan.seconds / 4, pid)
            if number:  # the first one only warms up
                outcomes[kind].add(outcome)
    return outcomes


def sending(device: Device, pool: Sequence[Sequence[tuple[str, bytes]]], *, anew: bool) -> Turn:
    """Sends one after the other of a pool of uploads; `anew`: each in a session of its own."""
    coming = itertools.cycle(pool)

    def turn() -> None:
        if anew:
            device.session = b""
        for request in next(coming):
            device.send(request)

    return turn


def posting(port: int, path: str, bodies: Sequence[object]) -> Turn:
    """Posts one after the other to the floor."""
    connection = Connection(port)
    coming = itertools.cycle([json.dumps(body).encode() for body in bodies])

    def turn() -> None:
        headers = {"Content-Type": "application/json"}
        status, _, _ = connection.ask("POST", path, next(coming), headers)
        if status != 200:
            raise Failed(f"floor: {status}")

    return turn
