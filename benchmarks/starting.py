# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting: the command's help, the server's first answer, and an empty database's first upgrade."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from tests.running import free_port, running_server, write_config
from tests.scratch_databases import text_of

from benchmarks.installation import (
    NAMES,
    Backend,
    backend,
    floor_database,
    floor_server,
    furnished_database,
)
from benchmarks.plan import Plan, say
from benchmarks.table import Line
from benchmarks.timing import median_seconds, seconds
from camcops.db.engine import create_engine
from camcops.db.upgrade import upgrade
from camcops.instruments.library import load_library

Work = Callable[[], object]

HELP_S, ANSWER_S, UPGRADE_S = 0.3, 2.0, 6.0


def measure(plan: Plan) -> Iterator[Line]:
    """Lines of the program itself, then of each database."""
    say("starting")
    yield _line("--help", _program("--help"), "Python alone", _python("-c", "pass"), HELP_S, plan)
    yield from _first_answer(plan)
    for name in plan.backends:
        say(f"starting: {NAMES[name]}")
        with backend(name) as running:
            yield _upgrade(running, plan)


def _line(what: str, ours: Work, against: str, floor: Work, aim: float, plan: Plan) -> Line:
    taken, least = (median_seconds(work, plan.rounds) for work in (ours, floor))
    return Line(
        what,
        f"{taken:.2f} s",
        f"{least:.2f} s ({against})",
        f"{taken / least:.1f}",
        f"≤ {aim:g} s",
        taken <= aim,
    )


def _program(*arguments: str) -> Work:
    return _python("-m", "camcops", *arguments)


def _python(*arguments: str) -> Work:
    command = [sys.executable, *arguments]
    return partial(subprocess.run, command, check=True, capture_output=True)


def _first_answer(plan: Plan) -> Iterator[Line]:
    """From the command to the first page, with four processes as in CamCOPS 2.4."""
    with (
        backend("sqlite") as running,
        furnished_database(running) as database,
        floor_database(running) as bare,
    ):

        def start() -> None:
            with (
                tempfile.TemporaryDirectory() as folder,
                running_server(Path(folder), database.engine.url, GUNICORN_NUM_WORKERS="4"),
            ):
                pass

        def start_floor() -> None:
            with floor_server(bare, 4):
                pass

        yield _line(
            "start to first answer, 4 processes",
            start,
            "bare Pyramid",
            start_floor,
            ANSWER_S,
            plan,
        )


def _upgrade(running: Backend, plan: Plan) -> Line:
    """The floor: the same statements, sent one after the other by the driver."""
    statements = _statements(running)

    def ours() -> float:
        with tempfile.TemporaryDirectory() as folder, running.empty_database() as url:
            path = write_config(Path(folder), url, free_port())
            return seconds(_program("upgrade_db", "--config", str(path)))

    def floor() -> float:
        with running.empty_database() as url:
            return seconds(partial(_replay, url, statements))

    taken, least = (sorted(work() for _ in range(plan.rounds)) for work in (ours, floor))
    middle = plan.rounds // 2
    return Line(
        f"{NAMES[running.name]}: upgrade_db of an empty database",
        f"{taken[middle]:.1f} s",
        f"{least[middle]:.1f} s (its {len(statements)} statements alone)",
        f"{taken[middle] / least[middle]:.1f}",
        f"≤ {UPGRADE_S:g} s",
        taken[middle] <= UPGRADE_S,
    )


def _statements(running: Backend) -> list[tuple[str, object]]:
    """What an upgrade of an empty database changes, with parameters."""
    sent: list[tuple[str, object]] = []

    def note(_conn: object, _cursor: object, text: str, values: object, *_rest: object) -> None:
        if text.lstrip().upper().startswith(("CREATE", "ALTER", "INSERT")):
            sent.append((text, values))

    with running.empty_database() as url:
        sa.event.listen(sa.Engine, "before_cursor_execute", note)
        try:
            upgrade(text_of(url), load_library())
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return sent


def _replay(url: sa.URL, statements: list[tuple[str, object]]) -> None:
    engine = create_engine(text_of(url))
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        connection = stack.enter_context(engine.begin())
        for text, values in statements:
            connection.exec_driver_sql(text, values or None)  # type: ignore[arg-type]
