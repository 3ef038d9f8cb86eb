# SPDX-License-Identifier: GPL-3.0-or-later
"""Eight devices at once, and one upload sent twice at once, to the real server."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.demonstration.tablet import Tablet
from tests.faults.devices import Device, contents, current_upload
from tests.initial_states import make_tablet_state
from tests.running import running_server

DEVICES = 8
UPLOADS = 25


def all_at_once(*jobs: Callable[[], None]) -> list[BaseException]:
    failures: list[BaseException] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.slow
def test_eight_devices_upload_at_once_without_an_error(database: Database, tmp_path: Path) -> None:
    make_tablet_state(database)
    with running_server(tmp_path, database.engine.url) as server:
        tablets = [
            Tablet(f"{server.address}/database", f"device-{n}", "tablet", "tablet-pw-1")
            for n in range(DEVICES)
        ]
        for tablet in tablets:
            tablet.register("One of eight")
        devices = [Device(tablet) for tablet in tablets]

        def uploads(device: Device) -> Callable[[], None]:
            return lambda: [device.upload_once() for _ in range(UPLOADS)] and None

        assert all_at_once(*map(uploads, devices)) == []
    for tablet in tablets:
        assert current_upload(database, tablet.device) == UPLOADS
    phq9 = database.tables["phq9"].table
    versions = database.read(lambda conn: conn.scalar(sa.select(sa.func.count()).select_from(phq9)))
    assert versions == DEVICES * UPLOADS * 10


@pytest.mark.slow
def test_the_same_upload_sent_twice_at_once_is_kept_once(
    database: Database, tmp_path: Path
) -> None:
    make_tablet_state(database)
    with running_server(tmp_path, database.engine.url) as server:

        def tablet() -> Tablet:
            return Tablet(f"{server.address}/database", "twice", "tablet", "tablet-pw-1")

        tablet().register("Sent twice")

        def send() -> None:
            tablet().upload(contents(1), finish=False, one_step=True)

        assert all_at_once(*[send] * 6) == []
    assert current_upload(database, "twice") == 1
    phq9 = database.tables["phq9"].table
    versions = database.read(lambda conn: conn.scalar(sa.select(sa.func.count()).select_from(phq9)))
    assert versions == 10
