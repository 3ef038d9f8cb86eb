# SPDX-License-Identifier: GPL-3.0-or-later
"""The three servers side by side, one application on one SQLite file: pages, files, uploads."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.running import RunningServer, running_server

from benchmarks.connection import Connection
from benchmarks.device import Device, Failed
from benchmarks.installation import PROCESSES, Backend, backend, furnished_database
from benchmarks.load import Outcome, Turn, sending, turn_about
from benchmarks.plan import Plan, say
from benchmarks.table import Line
from benchmarks.timing import milliseconds, percentile
from benchmarks.uploads import works
from camcops.db.database import Database

SERVERS = {
    "serve_gunicorn": f"Gunicorn, {PROCESSES} processes",
    "serve_cherrypy": "CherryPy, 1 process",
    "serve_pyramid": "Pyramid's, 1 thread",
}
AGAINST = "serve_gunicorn"
CLIENTS = 8
LOG_IN = "/webview/login"
PAGE, FILE, UPLOAD = "log-in page", "style sheet", "one-step upload, new records, session kept"
QUIET = {"CHERRYPY_LOG_SCREEN": "false", "GUNICORN_NUM_WORKERS": str(PROCESSES)}


def measure(plan: Plan) -> Iterator[Line]:
    """A line for each kind of work and server."""
    say("servers")
    with ExitStack() as stack:
        here = stack.enter_context(backend("sqlite"))
        database = stack.enter_context(furnished_database(here))
        servers = {name: stack.enter_context(_server(name, here, database)) for name in SERVERS}
        outcomes = _rounds(servers, list(database.tables), plan)
    for kind in (PAGE, FILE, UPLOAD):
        for name in SERVERS:
            yield _line(kind, name, outcomes[kind, name], outcomes[kind, AGAINST])


@contextmanager
def _server(name: str, here: Backend, database: Database) -> Iterator[RunningServer]:
    with tempfile.TemporaryDirectory(dir=here.folder) as folder:
        url = database.engine.url
        with running_server(Path(folder), url, command=name, **QUIET) as server:
            yield server


def _rounds(
    servers: Mapping[str, RunningServer], tables: list[str], plan: Plan
) -> dict[tuple[str, str], Outcome]:
    """Each kind of work on each server, turn about."""
    turns: dict[tuple[str, str], tuple[list[Turn], int]] = {}
    for name, server in servers.items():
        assert server.process is not None
        pid, sheet = server.process.pid, _style_sheet(server.port)
        turns[PAGE, name] = ([_fetching(server.port, LOG_IN) for _ in range(CLIENTS)], pid)
        turns[FILE, name] = ([_fetching(server.port, sheet) for _ in range(CLIENTS)], pid)
        devices = [f"bench-{name}-{number}" for number in range(CLIENTS)]
        turns[UPLOAD, name] = ([_uploading(server.port, one, tables) for one in devices], pid)
    return turn_about(turns, plan)


def _fetching(port: int, address: str) -> Turn:
    connection = Connection(port)

    def turn() -> None:
        status, _, _ = connection.ask("GET", address, b"", {})
        if status != 200:
            raise Failed(f"{address}: {status}")

    return turn


def _style_sheet(port: int) -> str:
    """Its address, which changes with its content."""
    _, _, page = Connection(port).ask("GET", LOG_IN, b"", {})
    found = re.search(rb'href="([^"]+\.css[^"]*)"', page)
    assert found is not None
    return found[1].decode()


def _uploading(port: int, name: str, tables: list[str]) -> Turn:
    device = Device(port, name)
    device.register()
    [work] = [each for each in works(tables) if each.name == UPLOAD]
    return sending(device, work.pool, anew=work.anew)


def _line(kind: str, name: str, outcome: Outcome, against: Outcome) -> Line:
    for failure in sorted(set(outcome.failures))[:3]:
        say(f"{name}, {kind}: {failure}")
    if not outcome.turns:
        return Line(f"{kind}: {SERVERS[name]}", "all failed", aim="0 failed", met=False)
    half, most = (percentile(outcome.turns, percent) for percent in (50, 99))
    return Line(
        f"{kind}: {SERVERS[name]}, {CLIENTS} clients",
        f"{outcome.rate:.0f}/s, p50 {milliseconds(half)}, p99 {milliseconds(most)},"
        f" CPU {milliseconds(outcome.cost)}, {len(outcome.failures)} failed",
        f"{against.rate:.0f}/s (Gunicorn)",
        f"{outcome.rate / against.rate:.2f}" if against.turns else "",
        "0 failed",
        not outcome.failures,
    )
