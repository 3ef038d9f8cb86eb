# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with the program, and an instance under Supervisor on it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.accounts.permissions import Permission
from camcops.accounts.users import add_membership, create_user
from camcops.db.database import Database, connect
from camcops.db.schema import groups
from camcops.instruments.library import Library
from tests.deployment.installed import (
    WEB_USER,
    Instance,
    Supervisor,
    machine,
    require_root,
    supervised,
)
from tests.initial_states import make_tablet_state
from tests.web.specimens import PASSWORD

READER = "reader"


@pytest.fixture(scope="module")
def root_folder() -> Iterator[Path]:
    require_root("supervisord", "runuser", "setpriv", "systemd-tmpfiles")
    with machine() as folder:
        yield folder


def furnish(database: Database) -> None:
    """Ready for tablets; and somebody who may read what they upload."""
    make_tablet_state(database)

    def work(conn: sa.Connection) -> None:
        group = conn.execute(groups.select()).one().id
        reader = create_user(conn, username=READER, password=PASSWORD)
        flags = (Permission.MAY_USE_WEBVIEWER, Permission.VIEW_ALL_PATIENTS_WHEN_UNFILTERED)
        add_membership(conn, reader, group, flags)

    database.write(work)


def sqlite_of(folder: Path, template: Path, library: Library) -> str:
    """The URL of a furnished database that belongs to the web server's user alone."""
    folder.mkdir(parents=True)
    file = folder / "camcops.sqlite"
    shutil.copyfile(template, file)
    database = connect(f"sqlite:///{file}", library)
    furnish(database)
    database.engine.dispose()
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, WEB_USER, WEB_USER)
        path.chmod(0o700 if path.is_dir() else 0o600)
    return f"sqlite:///{file}"


@pytest.fixture(scope="module")
def instance(root_folder: Path, sqlite_template: Path, library: Library) -> Instance:
    """An installed instance that isn't running."""
    url = sqlite_of(root_folder / "state/one", sqlite_template, library)
    return Instance(root_folder, "one", url)


@pytest.fixture(scope="module")
def supervisor(instance: Instance) -> Iterator[Supervisor]:
    """The instance's three programs, running."""
    with supervised(instance.machine, [instance]) as running:
        yield running
