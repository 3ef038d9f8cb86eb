# SPDX-License-Identifier: GPL-3.0-or-later
"""`upgrade_db` in a process that kills itself after a step, and what a database then holds.

The process is forked from the tests', where all modules and instruments are loaded already.
"""

import datetime as dt
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import sqlalchemy as sa

from camcops import site
from camcops.cli.main import server
from camcops.cli.shell import run
from camcops.db.schema import devices, metadata, users
from camcops.db.state import version_table
from camcops.instruments.library import Library

# A database server does not give a key again that it gave in a transaction that was lost.
GIVEN = {(users, "id"), (devices, "id"), (devices, "registered_by_user_id")}


@dataclass
class Upgrade:
    """`camcops_server upgrade_db` with this configuration and these instruments, which are read once.

    A step is a statement, once it is done, or a commit, just before it is made.
    """

    config: Path
    library: Library
    made: list[str] = field(default_factory=list)
    """The steps that any run made so far, each once, in their order."""

    def __post_init__(self) -> None:
        self.library.client_tables()  # reads all definitions

    def run(self, *, die_after: int | None = None) -> bool:
        """Run it; did it come to its end? It dies at once after so many steps that none made before."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with self._log.open("w", buffering=1) as log, os.fdopen(writing, "w") as told:
                    sys.stdout = sys.stderr = log
                    status = self._upgrade(die_after, told)
            finally:
                os._exit(status)
        os.close(writing)
        with os.fdopen(reading) as told:
            self.made += map(json.loads, told)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == 0 or (status, die_after is None) == (-signal.SIGKILL, False), self.log()
        return status == 0

    def log(self) -> str:
        """What the last run said."""
        return self._log.read_text()

    @property
    def _log(self) -> Path:
        return self.config.with_suffix(".log")

    def _upgrade(self, die_after: int | None, told: TextIO) -> int:
        site.installed_library = lambda settings: self.library
        known = set(self.made)
        number = 0
        commits = itertools.count(1)

        def step(what: str) -> None:
            nonlocal number
            if what not in known:
                known.add(what)
                told.write(json.dumps(what) + "\n")
                number += 1
                if number == die_after:
                    told.flush()
                    os.kill(os.getpid(), signal.SIGKILL)

        def executed(_conn: object, _cursor: object, text: str, *_: object) -> None:
            step(text)

        sa.event.listen(sa.Engine, "after_cursor_execute", executed)
        sa.event.listen(sa.Engine, "commit", lambda conn: step(f"COMMIT {next(commits)}"))
        return run(server, ["upgrade_db", "--config", str(self.config)])


State = Mapping[str, object]


def state(url: str) -> State:
    """A database's structure, and the rows that an upgrade makes, without what differs each time."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as conn:
        names = sa.inspect(conn).get_table_names()
        rows = {
            table.name: sorted(
                _row(table, row) for row in conn.execute(sa.select(table)).mappings()
            )
            for table in (*metadata.sorted_tables, version_table)
            if table.name in names
        }
        return {"structure": STRUCTURES[engine.dialect.name](conn, names), **rows}


def _row(table: sa.Table, row: sa.RowMapping) -> list[str]:
    return [
        f"{column} {value!r}"
        for column, value in row.items()
        if (table, column) not in GIVEN and not isinstance(value, dt.datetime)
    ]


def _sqlite(conn: sa.Connection, names: list[str]) -> list[str]:
    found = conn.exec_driver_sql("SELECT type, name, sql FROM sqlite_master")
    return sorted(map(str, found))


def _mysql(conn: sa.Connection, names: list[str]) -> list[str]:
    quote = conn.dialect.identifier_preparer.quote
    found: list[str] = []
    for name in names:
        (_, text) = conn.exec_driver_sql(f"SHOW CREATE TABLE {quote(name)}").one()
        lines = [line.strip(" ,") for line in text.splitlines()]
        found += sorted(f"{name}: {line.split(' AUTO_INCREMENT=')[0]}" for line in lines)
    return found


def _postgresql(conn: sa.Connection, names: list[str]) -> list[str]:
    columns = conn.exec_driver_sql(
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,"
        " column_default FROM information_schema.columns WHERE table_schema = 'public'"
    )
    indexes = conn.exec_driver_sql(
        "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    constraints = conn.exec_driver_sql(
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace"
    )
    return sorted(str(row) for found in (columns, indexes, constraints) for row in found)


STRUCTURES: Mapping[str, Callable[[sa.Connection, list[str]], list[str]]] = {
    "sqlite": _sqlite,
    "mysql": _mysql,
    "postgresql": _postgresql,
}
