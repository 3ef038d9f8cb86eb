# SPDX-License-Identifier: GPL-3.0-or-later
"""The database's disk is full: nothing is acknowledged, pages can be read, and space is all it takes.

Disks are small file systems in memory; where those can't be mounted, the tests are skipped.
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from camcops.db.database import Database, connect
from camcops.instruments.library import Library
from tests.faults.conftest import FragileDatabase
from tests.faults.devices import (
    Device,
    check_contents,
    registered,
    uploading,
    wait_for_failures,
)
from tests.faults.restartable_server import fill, folder_of_its_own, require_small_disks
from tests.initial_states import make_tablet_state
from tests.running import running_server

SQLITE_DISK_MB = 40
LEFT_KB = 64
LONGEST_S = 30
UNUSABLE = "HTTP 503: The database can't be used"


@pytest.fixture
def small_disk() -> Iterator[Path]:
    require_small_disks()
    with folder_of_its_own(SQLITE_DISK_MB) as folder:
        yield folder


@pytest.mark.slow
def test_disk_of_sqlite(
    small_disk: Path, library: Library, sqlite_template: Path, tmp_path: Path
) -> None:
    path = small_disk / "camcops.sqlite"
    shutil.copyfile(sqlite_template, path)
    database = connect(f"sqlite:///{path}", library)
    make_tablet_state(database)
    _fill_and_free(database, small_disk, tmp_path)


@pytest.mark.slow
def test_disk_of_a_database_server(fragile: FragileDatabase, tmp_path: Path) -> None:
    require_small_disks()
    _fill_and_free(fragile.database, fragile.folder, tmp_path, fragile)


def _fill_and_free(
    database: Database, disk: Path, tmp_path: Path, fragile: FragileDatabase | None = None
) -> None:
    with running_server(tmp_path, database.engine.url) as server:
        devices = registered(server.address, "full-1", "full-2")
        with uploading(devices):
            for device in devices:
                device.acknowledge_another(within_s=LONGEST_S)
            ballast = fill(disk, leave_kb=LEFT_KB)
            wait_for_failures(devices, LONGEST_S)
            with urlopen(f"{server.address}/webview/login") as page:
                assert b"password" in page.read()
            ballast.unlink()
            restarted = _all_upload_again(devices, fragile)
    shown = {failure.shown for device in devices for failure in device.failures}
    print(shown, "restarted" if restarted else "")
    assert all(text.startswith(UNUSABLE) for text in shown), shown
    # PostgreSQL gives all connections up when its log of changes finds no space.
    assert any("disk is full" in text for text in shown) or fragile is not None, shown
    check_contents(database, devices)


def _all_upload_again(devices: list[Device], fragile: FragileDatabase | None) -> bool:
    """Wait for an upload of each; was the database server started for it?

    MariaDB may give itself up for want of space, and takes a while to end.
    """
    before = [device.acknowledged for device in devices]
    restarted = False
    give_up_at = time.monotonic() + LONGEST_S
    while any(one.acknowledged == known for one, known in zip(devices, before, strict=True)):
        failures = [device.failures[-1:] for device in devices]
        assert time.monotonic() < give_up_at, f"no upload in {LONGEST_S} s; last: {failures}"
        if fragile is not None and not fragile.server.is_running:
            fragile.server.start()
            restarted = True
        time.sleep(0.01)
    return restarted
