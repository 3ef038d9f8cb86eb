# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that go through the whole database, beside one SELECT of the rows that they must read."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from tests.running import free_port, write_config

from benchmarks.bulk import KINDS, fill
from benchmarks.installation import NAMES, backend, furnished_database
from benchmarks.plan import Plan, say
from benchmarks.table import Line
from benchmarks.timing import MIB, run_to_end, seconds
from camcops.audit.trail import AuditTrail
from camcops.config import load
from camcops.db.database import Database
from camcops.db.schema import audit, task_index, task_scores
from camcops.site import audit_key

AUDITED_AT_ONCE = 1000


@dataclass(frozen=True)
class Command:
    """A command, the table whose rows it goes through, and how many these are."""

    arguments: Sequence[str]
    table: sa.Table
    rows: int


def measure(plan: Plan) -> Iterator[Line]:
    """Lines for each database, with a tenth of the largest size of PHQ-9s, and of rows of the audit trail."""
    size = max(plan.sizes) // KINDS
    for name in plan.backends:
        say(f"keeping: {NAMES[name]}, {size:,} PHQ-9s")
        with (
            backend(name) as running,
            furnished_database(running) as database,
            tempfile.TemporaryDirectory() as folder,
        ):
            path = write_config(Path(folder), database.engine.url, free_port())
            fill(database, size, kinds=1)
            _audit(database, path, size)
            database.write(lambda conn: conn.execute(task_scores.update().values(rules_hash="-")))
            for command in _commands(database, size, Path(folder)):
                yield _line(NAMES[name], command, database, path)


def _commands(database: Database, rows: int, folder: Path) -> list[Command]:
    phq9 = database.tables["phq9"].table
    return [
        Command(["rescore"], phq9, rows),
        Command(["reindex"], phq9, rows),
        Command(["check_index"], task_index, rows),
        Command(["audit", "seal"], audit, rows),
        Command(["audit", "verify"], audit, rows),
        Command(["backup", "--no_verify", "--to", str(folder / "backup")], phq9, rows),
    ]


def _line(where: str, command: Command, database: Database, path: Path) -> Line:
    say(" ".join(command.arguments))
    whole = [sys.executable, "-m", "camcops", *command.arguments, "--config", str(path)]
    taken, peak = run_to_end(whole)
    floor = seconds(lambda: database.read(partial(_read, command.table)))
    return Line(
        f"{where}: {command.arguments[0]}"
        + (f" {command.arguments[1]}" if command.arguments[0] == "audit" else "")
        + f", {command.rows:,} rows",
        f"{taken:.1f} s, {command.rows / taken:,.0f} rows/s, at most {peak / MIB:.0f} MiB",
        f"{floor:.1f} s (one SELECT)",
        f"{taken / floor:.0f}",
    )


def _read(table: sa.Table, conn: sa.Connection) -> None:
    for _ in conn.execute(sa.select(table), execution_options={"yield_per": 1000}):
        pass


def _audit(database: Database, path: Path, rows: int) -> None:
    """So many acts on the trail, recorded as the server records them."""
    trail = AuditTrail(audit_key(load(path).site))

    def record(conn: sa.Connection) -> None:
        for number in range(AUDITED_AT_ONCE):
            trail.record(conn, source="tablet", details=f"Upload {number}")

    for _ in range(rows // AUDITED_AT_ONCE):
        database.write(record)
