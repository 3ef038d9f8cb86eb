# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases of CamCOPS 2.4 to be adopted: real ones on MariaDB, and one made of ours on SQLite."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.audit import AuditTrail
from camcops.config import load
from camcops.db.adoption import ADDED_COLUMNS
from camcops.db.changes import indexes
from camcops.db.database import Database, connect
from camcops.db.schema import (
    adoption,
    adoption_repairs,
    audit_seals,
    device_tables,
    metadata,
    outbox,
    patient_index,
    schema_state,
    task_scores,
)
from camcops.db.state import VERSION_TABLE
from camcops.db.upgrade import upgrade
from camcops.instruments.library import BUILT_IN, Library
from camcops.site import Site, audit_key
from camcops.web.application import make_wsgi_app
from tests.conftest import skip_or_fail
from tests.records.adoption import dumps
from tests.running import write_config
from tests.scratch_databases import text_of
from tests.tablet_api.conftest import make_application

__all__ = ["make_application"]

OURS = (
    patient_index,
    task_scores,
    outbox,
    schema_state,
    audit_seals,
    device_tables,
    adoption,
    adoption_repairs,
)


@pytest.fixture
def upstream(
    library: Library, database_server: Callable[[str], sa.URL]
) -> Iterator[Callable[[str], Database]]:
    """Gives a database as CamCOPS 2.4 left it, by the name of its dump."""
    with ExitStack() as stack:

        def load(name: str) -> Database:
            place = dumps.folder()
            if place is None:
                skip_or_fail("dumps", f"{dumps.VARIABLE} names no folder with dumps of CamCOPS 2.4")
            assert place is not None
            url = stack.enter_context(
                dumps.loaded(database_server("mariadb"), place / f"{name}.sql.gz")
            )
            database = connect(text_of(url), library)
            stack.callback(database.engine.dispose)
            return database

        yield load


@pytest.fixture
def left_by_upstream(tmp_path: Path) -> Iterator[Database]:
    """A database without all that is ours, as CamCOPS 2.4 would have made it on SQLite."""
    few = Library({name: BUILT_IN / name for name in ("phq9", "gad7", "bmi", "cage")})
    url = f"sqlite:///{tmp_path / 'upstream.sqlite'}"
    upgrade(url, few)
    database = connect(url, few)

    def strip(conn: sa.Connection) -> None:
        for client in database.tables.values():
            for index in indexes(client, conn.dialect):
                conn.exec_driver_sql(f'DROP INDEX "{index.name}"')
        for server in metadata.sorted_tables:
            for index in server.indexes:
                conn.exec_driver_sql(f'DROP INDEX "{index.name}"')
        for table in OURS:
            table.drop(conn)
        conn.exec_driver_sql(f"DROP TABLE {VERSION_TABLE}")
        for column in ADDED_COLUMNS:
            conn.exec_driver_sql(f"ALTER TABLE {column.table.name} DROP COLUMN {column.name}")

    database.write(strip)
    yield database
    database.engine.dispose()


@pytest.fixture
def whole_application(tmp_path: Path) -> Callable[[Database], WSGIApplication]:
    """Makes an application that serves pages and tablets from a database."""

    def make(database: Database) -> WSGIApplication:
        settings = load(write_config(tmp_path, database.engine.url, 8000))
        audit = AuditTrail(audit_key(settings.site))
        application: WSGIApplication = make_wsgi_app(
            Site(settings, database.library, database, audit)
        )
        return application

    return make
