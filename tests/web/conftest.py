# SPDX-License-Identifier: GPL-3.0-or-later
"""A real server over a real database, with users to log in as."""

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from camcops.audit import AuditTrail
from camcops.config import load
from camcops.db.database import Database, connect
from camcops.instruments.library import Library
from camcops.serving.composition import compose
from camcops.serving.pyramid import make_server
from camcops.site import Site, audit_key
from camcops.web.application import make_wsgi_app
from tests.running import write_config
from tests.web.browser import Browser
from tests.web.specimens import People, make_people


@pytest.fixture(scope="session")
def peopled(
    library: Library, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, People]:
    """An SQLite file that has the users already: hashing passwords is meant to be slow."""
    path = tmp_path_factory.mktemp("peopled") / "camcops.sqlite"
    shutil.copy(sqlite_template, path)
    database = connect(f"sqlite:///{path}", library)
    people = make_people(database)
    database.engine.dispose()
    return path, people


@pytest.fixture
def people(peopled: tuple[Path, People]) -> People:
    return peopled[1]


@pytest.fixture
def site_database(
    library: Library, peopled: tuple[Path, People], tmp_path: Path
) -> Iterator[Database]:
    """A copy of the database with users."""
    path = tmp_path / "camcops.sqlite"
    shutil.copy(peopled[0], path)
    database = connect(f"sqlite:///{path}", library)
    yield database
    database.engine.dispose()


@pytest.fixture
def site(site_database: Database, tmp_path: Path) -> Site:
    settings = load(write_config(tmp_path, site_database.engine.url, 8000))
    audit = AuditTrail(audit_key(settings.site))
    return Site(settings, site_database.library, site_database, audit)


@pytest.fixture
def serve(site: Site) -> Iterator[Callable[..., int]]:
    """Start a server for the site with keys of `[server]` and `[site]` replaced; its port."""
    running: list[tuple[Any, Thread]] = []

    def start(*, server: dict[str, Any] | None = None, **keys: Any) -> int:
        changed = dataclasses.replace(
            site.settings,
            site=dataclasses.replace(site.settings.site, **keys),
            server=dataclasses.replace(site.settings.server, **(server or {})),
        )
        application = make_wsgi_app(dataclasses.replace(site, settings=changed))
        listening = make_server(compose(application, changed.server), "127.0.0.1", 0)
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((listening, thread))
        return int(listening.server_port)

    yield start
    for listening, thread in running:
        listening.shutdown()
        thread.join()
        listening.server_close()


@pytest.fixture
def browser(serve: Callable[..., int]) -> Browser:
    """A browser that is not logged in, at a server with the settings of the tests."""
    return Browser(serve())


@pytest.fixture
def annie(browser: Browser) -> Browser:
    """A browser in which annie, a reader of the group liaison, is logged in."""
    assert browser.log_in("annie").status == 303
    return browser
