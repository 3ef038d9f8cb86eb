# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for all tests: databases on SQLite, MariaDB and PostgreSQL.

CAMCOPS_TEST_REQUIRE (a comma-separated list of `mariadb`, `postgresql`, `chromium`, `apache`, `nginx` and
others) names what must be there: a test that lacks it fails, where otherwise it would be skipped.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.database import Database, connect
from camcops.db.upgrade import upgrade
from camcops.instruments.library import Library, load_library
from tests.database_servers import ServerMissingError, mariadb_server, postgresql_server
from tests.scratch_databases import empty, scratch_database, text_of

BACKENDS = ("sqlite", "mariadb", "postgresql")


def skip_or_fail(what: str, reason: str) -> None:
    """Skip the test for want of something, or fail it if CAMCOPS_TEST_REQUIRE names that."""
    if what in os.environ.get("CAMCOPS_TEST_REQUIRE", "").split(","):
        pytest.fail(f"CAMCOPS_TEST_REQUIRE asks for {what}: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def library() -> Library:
    """All built-in instruments."""
    return load_library()


@pytest.fixture(scope="session")
def database_server() -> Iterator[Callable[[str], sa.URL]]:
    """Gives the address of the private server of a backend; it is started when first asked for."""
    makers = {"mariadb": mariadb_server, "postgresql": postgresql_server}
    started: dict[str, sa.URL] = {}
    with ExitStack() as stack:

        def server(backend: str) -> sa.URL:
            if backend not in started:
                try:
                    started[backend] = stack.enter_context(makers[backend]())
                except ServerMissingError as missing:
                    skip_or_fail(backend, str(missing))
            return started[backend]

        yield server


@pytest.fixture(params=BACKENDS)
def empty_database_url(
    request: pytest.FixtureRequest, database_server: Callable[[str], sa.URL], tmp_path: Path
) -> Iterator[str]:
    """The address of a database without any table, on each backend."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    with scratch_database(database_server(request.param)) as url:
        yield text_of(url)


@pytest.fixture(scope="session")
def sqlite_template(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freshly upgraded SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "camcops.sqlite"
    upgrade(f"sqlite:///{path}", library)
    return path


@pytest.fixture
def sqlite_database(library: Library, sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A freshly upgraded database on SQLite."""
    path = tmp_path / "camcops.sqlite"
    shutil.copyfile(sqlite_template, path)
    database = connect(f"sqlite:///{path}", library)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def server_database(
    library: Library, database_server: Callable[[str], sa.URL]
) -> Iterator[Callable[[str], Database]]:
    """Gives the upgraded database of a backend with a server, made when first asked for."""
    made: dict[str, Database] = {}
    with ExitStack() as stack:

        def database(backend: str) -> Database:
            if backend not in made:
                url = text_of(stack.enter_context(scratch_database(database_server(backend))))
                upgrade(url, library)
                made[backend] = connect(url, library)
                stack.callback(made[backend].engine.dispose)
            else:
                empty(made[backend])
            return made[backend]

        yield database


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest) -> Database:
    """A freshly upgraded database; the test runs once on each backend."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_database")
    return request.getfixturevalue("server_database")(request.param)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what this machine could not run, and how to get it."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        if isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            reasons[reason] = reasons.get(reason, 0) + 1
    if reasons:
        terminalreporter.section("not run here")
        for reason, count in sorted(reasons.items()):
            terminalreporter.line(f"{count} tests: {reason}")
        terminalreporter.line("Databases and browser come with: sudo ./run services")
