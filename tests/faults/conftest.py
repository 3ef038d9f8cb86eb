# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases on servers of their own, which tests may kill, freeze and starve of disk space."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.database import Database, connect
from camcops.db.upgrade import upgrade
from camcops.instruments.library import Library
from tests.conftest import skip_or_fail
from tests.database_servers import ServerMissingError
from tests.faults.restartable_server import (
    DISK_MB,
    RestartableServer,
    can_mount,
    folder_of_its_own,
    restartable_server,
)
from tests.initial_states import make_tablet_state
from tests.scratch_databases import empty, text_of


@dataclass(frozen=True)
class FragileDatabase:
    """An upgraded database and its server. `folder` is a disk of its own where that is possible."""

    server: RestartableServer
    database: Database
    folder: Path
    has_small_disk: bool


@pytest.fixture(scope="session")
def fragile_databases(library: Library) -> Iterator[Callable[[str], FragileDatabase]]:
    """Gives the fragile database of a backend; made when first asked for."""
    made: dict[str, FragileDatabase] = {}
    with ExitStack() as stack:

        def get(backend: str) -> FragileDatabase:
            if backend not in made:
                try:
                    made[backend] = stack.enter_context(_fragile_database(backend, library))
                except ServerMissingError as missing:
                    skip_or_fail(backend, str(missing))
            else:
                empty(made[backend].database)
            make_tablet_state(made[backend].database)
            return made[backend]

        yield get


@contextmanager
def _fragile_database(backend: str, library: Library) -> Iterator[FragileDatabase]:
    small = can_mount()
    with (
        folder_of_its_own(DISK_MB if small else None) as folder,
        restartable_server(backend, folder) as server,
    ):
        engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE camcops")
        engine.dispose()
        url = text_of(server.url.set(database="camcops"))
        upgrade(url, library)
        database = connect(url, library)
        try:
            yield FragileDatabase(server, database, folder, small)
        finally:
            database.engine.dispose()


@pytest.fixture(params=["mariadb", "postgresql"])
def fragile(
    request: pytest.FixtureRequest, fragile_databases: Callable[[str], FragileDatabase]
) -> FragileDatabase:
    """A database ready for tablets, on a server that the test may mistreat."""
    return fragile_databases(request.param)
