# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads of a patient with ten PHQ-9s, in both forms, from one device and from eight at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks import statements
from benchmarks.device import Device, Request, enquiries, in_one_step, table_by_table
from benchmarks.installation import (
    NAMES,
    Backend,
    Serving,
    backend,
    floor,
    furnished_database,
    our_server,
)
from benchmarks.load import Outcome, Turn, posting, sending, turn_about
from benchmarks.plan import Plan, say
from benchmarks.table import Line
from benchmarks.timing import milliseconds, percentile
from benchmarks.visits import bare_rows, visit

POOL = 60
"""So many different uploads are encoded beforehand and sent in turn."""

DEVICES = (1, 8)
FLOOR = "floor"
HALF = 0.5


@dataclass(frozen=True)
class Work:
    """One kind of turn: the requests of each, and whether each begins a session (with a log-in)."""

    name: str
    pool: Sequence[Sequence[Request]]
    anew: bool
    aim: float | None = None


def works(names: Sequence[str]) -> list[Work]:
    """All that is measured; `names` are the tables that a tablet has."""
    visits = [visit(number) for number in range(POOL)]
    finished = [[in_one_step(one, names, finish=True)] for one in visits]
    changed = [[in_one_step(one, names, finish=False)] for one in visits]
    whole = [[*enquiries(one, finish=True), in_one_step(one, names, finish=True)] for one in visits]
    stepwise = [
        [*enquiries(one, finish=True), *table_by_table(one, names, finish=True)] for one in visits
    ]
    return [
        Work("one-step upload, new records, session kept", finished, anew=False, aim=HALF),
        Work("one-step upload, all records modified, session kept", changed, anew=False, aim=HALF),
        Work("one-step upload, nothing changed, session kept", changed[:1], anew=False, aim=HALF),
        Work("one-step flow: log-in, 5 enquiries, upload", whole, anew=True),
        Work("multi-step flow: log-in, 5 enquiries, upload", stepwise, anew=True),
    ]


def measure(plan: Plan) -> Iterator[Line]:
    """Lines for each database."""
    for name in plan.backends:
        with backend(name) as running:
            yield from _on(running, plan)


def _on(running: Backend, plan: Plan) -> Iterator[Line]:
    with furnished_database(running) as database, floor(running) as bare:
        names = list(database.tables)
        kinds = works(names)
        with our_server(running, database) as server:
            counts = statements.of_each(server.config, [(one.pool, one.anew) for one in kinds])
            for devices in DEVICES:
                say(f"uploads: {NAMES[running.name]}, {devices} at once")
                assert server.process is not None
                ours = Serving(server.port, server.process.pid)
                outcomes = _rounds(ours, bare, kinds, devices, plan)
                yield from _lines(running.name, devices, kinds, outcomes, counts)


def _rounds(
    ours: Serving, bare: Serving, kinds: Sequence[Work], devices: int, plan: Plan
) -> dict[str, Outcome]:
    """Each kind and the floor, turn about."""
    tablets = [Device(ours.port, f"bench-{devices}-{number}") for number in range(devices)]
    for tablet in tablets:
        tablet.register()
    bodies = [bare_rows(number) for number in range(POOL)]
    turns: dict[str, tuple[list[Turn], int]] = {
        FLOOR: ([posting(bare.port, "/upload", bodies) for _ in range(devices)], bare.pid)
    }
    for kind in kinds:
        sent = [sending(tablet, kind.pool, anew=kind.anew) for tablet in tablets]
        turns[kind.name] = (sent, ours.pid)
    return turn_about(turns, plan)


def _lines(
    name: str,
    devices: int,
    kinds: Sequence[Work],
    outcomes: dict[str, Outcome],
    counts: Sequence[int],
) -> Iterator[Line]:
    least = outcomes[FLOOR]
    where = f"{NAMES[name]}, {devices} device{'s' * (devices > 1)}"
    for kind, count in zip(kinds, counts, strict=True):
        outcome = outcomes[kind.name]
        ratio = outcome.rate / least.rate
        failed = f"{len(outcome.failures)} failed"
        measured = [f"{outcome.rate:.1f}/s", *_spread(outcome)]
        measured += [f"CPU {milliseconds(outcome.cost)}", f"{count} statements", failed]
        aim = "" if kind.aim is None else f"≥ {kind.aim:g} × floor, 0 failed"
        met = None if kind.aim is None else ratio >= kind.aim and not outcome.failures
        if kind.aim is None:
            aim, met = "0 failed", not outcome.failures
        for failure in sorted(set(outcome.failures))[:3]:
            say(f"{where}, {kind.name}: {failure}")
        yield Line(
            f"{where}: {kind.name}",
            ", ".join(measured),
            f"{least.rate:.0f}/s, CPU {milliseconds(least.cost)}",
            f"{ratio:.2f}, CPU {outcome.cost / least.cost:.1f}",
            aim,
            met,
        )


def _spread(outcome: Outcome) -> list[str]:
    if not outcome.turns:
        return []
    half, most = (percentile(outcome.turns, percent) for percent in (50, 99))
    return [f"p50 {milliseconds(half)}", f"p99 {milliseconds(most)}"]
