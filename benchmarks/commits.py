# SPDX-License-Identifier: GPL-3.0-or-later
"""What MariaDB's waiting for the disk costs an upload: `innodb_flush_log_at_trx_commit` 1 beside 2."""

from collections.abc import Iterator
from functools import partial

import sqlalchemy as sa

from benchmarks.device import Device, in_one_step
from benchmarks.installation import backend, furnished_database, our_server
from benchmarks.load import Outcome, sending, turn_about
from benchmarks.plan import Plan, say
from benchmarks.table import Line
from benchmarks.timing import milliseconds, percentile
from benchmarks.uploads import DEVICES, POOL
from benchmarks.visits import visit

EACH, SECOND = 1, 2
"""Values: the disk at each commit; the operating system, and the disk about once a second."""


def measure(plan: Plan) -> Iterator[Line]:
    """A line for each number of devices, both values turn about; none where MariaDB isn't asked for."""
    if "mariadb" not in plan.backends:
        return
    with backend("mariadb") as running, furnished_database(running) as database:
        names = list(database.tables)
        uploads = [[in_one_step(visit(number), names, finish=True)] for number in range(POOL)]
        with our_server(running, database) as server:
            assert server.process is not None
            for count in DEVICES:
                say(f"commits: {count} at once")
                tablets = [Device(server.port, f"bench-{count}-{one}") for one in range(count)]
                for tablet in tablets:
                    tablet.register()
                turns = [sending(tablet, uploads, anew=False) for tablet in tablets]
                both = dict.fromkeys((EACH, SECOND), (turns, server.process.pid))
                yield _line(count, turn_about(both, plan, partial(_flush_at, database.engine)))


def _flush_at(engine: sa.Engine, value: int) -> None:
    with engine.connect() as conn:
        conn.exec_driver_sql(f"SET GLOBAL innodb_flush_log_at_trx_commit = {value}")


def _line(devices: int, outcomes: dict[int, Outcome]) -> Line:
    second, each = outcomes[SECOND], outcomes[EACH]
    failed = len(second.failures) + len(each.failures)
    return Line(
        f"MariaDB, {devices} device{'s' * (devices > 1)}: upload of new records, disk once a second",
        f"{_told(second)}, {failed} failed",
        f"{_told(each)} (disk at each commit)",
        f"{second.rate / each.rate:.2f}",
        "0 failed",
        not failed,
    )


def _told(outcome: Outcome) -> str:
    return f"{outcome.rate:.0f}/s, p50 {milliseconds(percentile(outcome.turns, 50))}"
