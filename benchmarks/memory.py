# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of the whole server, one process and four workers: at rest, and after some time under load."""

import time
from collections.abc import Iterator
from http.client import HTTPException

from tests.running import RunningServer

from benchmarks.browser import Browser
from benchmarks.device import Device, Failed, in_one_step
from benchmarks.installation import backend, furnished_database, our_server
from benchmarks.load import Outcome, Turn, at_once, sending
from benchmarks.plan import Plan, say
from benchmarks.table import Line
from benchmarks.timing import MIB, children, proportional_memory
from benchmarks.uploads import works
from benchmarks.visits import visit

PROCESSES = 4
REST_MIB = 200
GROWTH_MIB = 100
TABLETS, READERS = 6, 2
PAGES = ("/webview/tasks", "/webview/tasks?surname=N7", "/webview/tasks/phq9/1")


def measure(plan: Plan) -> Iterator[Line]:
    """Lines for SQLite: the databases' own memory is not ours."""
    say("memory")
    with backend("sqlite") as running, furnished_database(running) as database:
        names = list(database.tables)
        with our_server(running, database, PROCESSES) as server:
            time.sleep(1)
            yield _at_rest(_memory(server))
            _first_upload(server, names)
            warm = _soak(server, names, 0.2)
            before = _memory(server)
            say(f"soak of {plan.soak_minutes:g} minutes")
            outcome = _soak(server, names, plan.soak_minutes)
            outcome.failures += warm.failures
            yield _soaked(_memory(server), before, outcome, plan)


def _at_rest(bytes_: int) -> Line:
    size = bytes_ / MIB
    return Line(
        "1 + 4 processes at rest (PSS)",
        f"{size:.0f} MiB",
        aim=f"≤ {REST_MIB} MiB",
        met=size <= REST_MIB,
    )


def _soaked(bytes_: int, before: int, outcome: Outcome, plan: Plan) -> Line:
    growth = (bytes_ - before) / MIB
    failed = len(outcome.failures)
    for failure in sorted(set(outcome.failures))[:3]:
        say(failure)
    return Line(
        f"the same after {plan.soak_minutes:g} min of {TABLETS} tablets and {READERS} readers",
        f"{bytes_ / MIB:.0f} MiB, {growth:+.0f} MiB since it was warm;"
        f" {len(outcome.turns)} turns, {failed} failed",
        aim=f"growth ≤ {GROWTH_MIB} MiB, 0 failed",
        met=growth <= GROWTH_MIB and not failed,
    )


def _memory(server: RunningServer) -> int:
    assert server.process is not None
    pid = server.process.pid
    return proportional_memory([pid, *children(pid)])


def _first_upload(server: RunningServer, names: list[str]) -> None:
    device = Device(server.port, "bench-first")
    device.register()
    device.flow([in_one_step(visit(7), names, finish=True)])


def _soak(server: RunningServer, names: list[str], minutes: float) -> Outcome:
    kinds = works(names)
    turns: list[Turn] = []
    for number in range(TABLETS):
        device = Device(server.port, f"bench-soak-{number}")
        device.register()
        kind = kinds[number % len(kinds)]
        turns.append(sending(device, kind.pool, anew=kind.anew))
    readers = [Browser(server.port, user) for user in ("admin", "clinician")[:READERS]]
    turns += [_reading(reader) for reader in readers]
    assert server.process is not None
    return at_once(turns, minutes * 60, server.process.pid)


def _reading(browser: Browser) -> Turn:
    def turn() -> None:
        for page in PAGES:
            try:
                browser.get(page)
            except (OSError, HTTPException) as error:
                raise Failed(f"{page}: {error}") from error

    return turn
