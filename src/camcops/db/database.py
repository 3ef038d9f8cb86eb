# SPDX-License-Identifier: GPL-3.0-or-later
"""A database and its units of work: functions that run in one transaction and can run again."""

import itertools
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from camcops.db.client_tables import ClientTable, ClientTables
from camcops.db.engine import create_engine, reading_options
from camcops.db.faults import is_transient, problem_of
from camcops.problems import DATABASE_BUSY, Problem

if TYPE_CHECKING:
    from camcops.instruments.library import Library

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE_S = 30.0
"""How long a unit of work is tried again."""

LONGEST_TURN_S = 2.0
"""How long a writer waits for others of this process before it asks the database all the same."""

FIRST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 1.0


@dataclass(frozen=True)
class Database:
    """The engine, the instruments, and the tables that tablets fill, by name.

    `tables` iterates in the order in which an upload is committed: patients, ID numbers, then BLOBs
    and child tables by name, then tasks by name.
    """

    engine: Engine
    library: "Library"
    tables: Mapping[str, ClientTable]
    _writing: RLock = field(default_factory=RLock, repr=False, compare=False)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction that can't write and sees one state of the database."""
        return self._run(work, reading=True)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction; commit if it returns, roll back if it raises.

        `work` may be run several times: on a deadlock, a serialization failure or a lost lock, at
        COMMIT too. It must keep no state outside the database between runs. Raises
        Problem(DATABASE_BUSY) if that goes on for longer than `PATIENCE_S`, and
        Problem(DATABASE_UNAVAILABLE) if the database is out of reach.
        """
        return self._run(work, reading=False)

    def _run(self, work: Callable[[Connection], T], *, reading: bool) -> T:
        options = reading_options(self.engine) if reading else {}
        give_up_at = time.monotonic() + PATIENCE_S
        for attempt in itertools.count():
            try:
                with self._turn(reading=reading), self.engine.connect() as connection:
                    connection.execution_options(**options)
                    with connection.begin():
                        return work(connection)
            except DBAPIError as error:
                if (problem := problem_of(error)) is not None:
                    raise problem from error
                if not is_transient(error):
                    raise
                if time.monotonic() > give_up_at:
                    raise Problem(DATABASE_BUSY) from error
                log.info("Transaction lost (%s); trying again", type(error.orig).__name__)
            longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)
            time.sleep(random.uniform(0, longest))  # noqa: S311
        raise AssertionError("unreachable")

    @contextmanager
    def _turn(self, *, reading: bool) -> Iterator[None]:
        """Let the writers of this process go one by one to SQLite, which has room for one only.

        The others would look again and again after pauses that grow, and some would starve.
        """
        if reading or self.engine.dialect.name != "sqlite":
            yield
            return
        is_ours = self._writing.acquire(timeout=LONGEST_TURN_S)
        try:
            yield
        finally:
            if is_ours:
                self._writing.release()


def connect(
    url: str, library: "Library", *, echo: bool = False, answer_within_s: int | None = None
) -> Database:
    """The database at an address; no connection is made until the first unit of work.

    `answer_within_s`: how long it may take over one statement; after that it counts as out of reach.
    """
    engine = create_engine(url, echo=echo, answer_within_s=answer_within_s)
    return Database(engine, library, ClientTables(library))
