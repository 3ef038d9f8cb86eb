# SPDX-License-Identifier: GPL-3.0-or-later
"""The tablets' endpoint on the first state of the recorded exchanges."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from wsgiref.types import WSGIApplication

import pytest
from pyramid.config import Configurator

from camcops.audit.trail import AuditTrail
from camcops.config import load
from camcops.db.database import Database, connect
from camcops.instruments.library import Library
from camcops.site import Site, audit_key
from tests.initial_states import make_tablet_state
from tests.running import write_config
from tests.tablet import WsgiTablet, tablet
from tests.tablet_api.patients_at_home import make_home_state


@pytest.fixture
def make_application(tmp_path: Path) -> Callable[[Database], WSGIApplication]:
    """Makes an application that serves tablets, and nobody else, from a database."""

    def make(database: Database, **more: str) -> WSGIApplication:
        settings = load(write_config(tmp_path, database.engine.url, 8000, **more))
        site = Site(settings, database.library, database, AuditTrail(audit_key(settings.site)))
        config = Configurator()
        config.registry.site = site
        config.include("camcops.tablet_api.views")
        application: WSGIApplication = config.make_wsgi_app()
        return application

    return make


@pytest.fixture(scope="session")
def home_template(
    library: Library, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An SQLite file with a patient who may use an own device, to be copied: hashing passwords takes time."""
    path = tmp_path_factory.mktemp("home") / "camcops.sqlite"
    shutil.copyfile(sqlite_template, path)
    database = connect(f"sqlite:///{path}", library)
    make_home_state(database)
    database.engine.dispose()
    return path


@pytest.fixture
def home_database(library: Library, home_template: Path, tmp_path: Path) -> Iterator[Database]:
    """Such a database on SQLite."""
    path = tmp_path / "home.sqlite"
    shutil.copyfile(home_template, path)
    database = connect(f"sqlite:///{path}", library)
    yield database
    database.engine.dispose()


@pytest.fixture
def application(
    database: Database, make_application: Callable[[Database], WSGIApplication]
) -> WSGIApplication:
    """The application on the tablets' first state, on each backend in turn."""
    make_tablet_state(database)
    return make_application(database)


@pytest.fixture
def quick_application(
    sqlite_database: Database, make_application: Callable[[Database], WSGIApplication]
) -> WSGIApplication:
    """The same on SQLite alone."""
    make_tablet_state(sqlite_database)
    return make_application(sqlite_database)


@pytest.fixture
def device(application: WSGIApplication) -> WsgiTablet:
    """A registered tablet, on each backend in turn."""
    made = tablet(application)
    made.call("register", devicefriendlyname="A tablet")
    made.session = {}
    return made


@pytest.fixture
def quick_device(quick_application: WSGIApplication) -> WsgiTablet:
    """A registered tablet, on SQLite alone."""
    made = tablet(quick_application)
    made.call("register", devicefriendlyname="A tablet")
    made.session = {}
    return made
