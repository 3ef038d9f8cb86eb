# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: the real server on a durable database, and the floor on another one beside it."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import sqlalchemy as sa
from tests.database_servers import mariadb_server, postgresql_server
from tests.running import RunningServer, free_port, running_server
from tests.scratch_databases import scratch_database, text_of

from camcops.db.database import Database, connect
from camcops.db.upgrade import upgrade
from camcops.demonstration.installation import furnish
from camcops.instruments.library import BUILT_IN, Library, load_library

BACKENDS = ("sqlite", "mariadb", "postgresql")
NAMES = {"sqlite": "SQLite", "mariadb": "MariaDB", "postgresql": "PostgreSQL"}
PASSWORD = "Benchmark-pw-2401"
PROCESSES = 2
"""Worker processes of either server: one for each core of a small machine."""


@dataclass(frozen=True)
class Backend:
    """A database server that waits for the disk at each commit, with room for databases."""

    name: str
    server: sa.URL | None
    folder: Path

    @contextmanager
    def empty_database(self) -> Iterator[sa.URL]:
        """An empty database, removed afterwards."""
        if self.server is None:
            with tempfile.TemporaryDirectory(dir=self.folder) as folder:
                yield sa.make_url(f"sqlite:///{folder}/camcops.sqlite")
            return
        with scratch_database(self.server) as url:
            yield url


@contextmanager
def backend(name: str) -> Iterator[Backend]:
    """Start the server of a database, or none for SQLite."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="camcops-bench-")))
        makers = {"mariadb": mariadb_server, "postgresql": postgresql_server}
        maker = makers.get(name)
        server = stack.enter_context(maker(durable=True)) if maker else None
        yield Backend(name, server, folder)


@contextmanager
def furnished_database(backend: Backend) -> Iterator[Database]:
    """A database of ours with the demonstration's users and groups, and no records."""
    with backend.empty_database() as url:
        library = load_library()
        upgrade(text_of(url), library)
        database = connect(text_of(url), library)
        database.write(lambda conn: furnish(conn, PASSWORD))
        try:
            yield database
        finally:
            database.engine.dispose()


@contextmanager
def our_server(
    backend: Backend, database: Database, processes: int = PROCESSES
) -> Iterator[RunningServer]:
    """The real program serving a database."""
    with tempfile.TemporaryDirectory(dir=backend.folder) as folder:
        number = {"GUNICORN_NUM_WORKERS": str(processes)}
        with running_server(Path(folder), database.engine.url, **number) as server:
            yield server


@contextmanager
def floor_database(backend: Backend) -> Iterator[sa.URL]:
    """The tables that the floor needs."""
    with backend.empty_database() as url:
        upgrade(text_of(url), Library({"phq9": BUILT_IN / "phq9"}))
        yield url


@dataclass(frozen=True)
class Serving:
    """A server that answers: its port, and the process that began the others."""

    port: int
    pid: int


@contextmanager
def floor_server(url: sa.URL, processes: int = PROCESSES) -> Iterator[Serving]:
    """The bare application of `benchmarks.floor` on its database."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.floor", text_of(url), str(port), str(processes)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        _await(port)
        yield Serving(port, process.pid)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def floor(backend: Backend) -> Iterator[Serving]:
    """Both of them."""
    with floor_database(backend) as url, floor_server(url) as serving:
        yield serving


def _await(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the floor's server did not start")
