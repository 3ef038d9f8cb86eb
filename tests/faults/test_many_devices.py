# SPDX-License-Identifier: GPL-3.0-or-later
"""Eight devices at once, one upload sent many times at once, and two servers on one database."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from camcops.db.database import Database
from camcops.demonstration.tablet import Tablet
from tests.faults import whole_database
from tests.faults.devices import TASKS, Device, contents, current_upload, registered
from tests.initial_states import make_tablet_state
from tests.running import running_server

DEVICES = 8
UPLOADS = int(os.environ.get("CAMCOPS_TEST_UPLOADS", "6"))
REPEATS = 20


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
        assert whole_database.versions(database, tablet.device) == TASKS * UPLOADS
    whole_database.check(database)


@pytest.mark.slow
def test_two_servers_on_one_database(database: Database, tmp_path: Path) -> None:
    """Two devices each, and one that sends each upload to both at once."""
    make_tablet_state(database)
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    url = database.engine.url
    with running_server(folders[0], url) as first, running_server(folders[1], url) as second:
        ours = registered(first.address, "first-1", "first-2")
        ours += registered(second.address, "second-1", "second-2")
        [torn] = registered(first.address, "torn")
        twin = Tablet(f"{second.address}/database", "torn", "tablet", "tablet-pw-1")

        def uploads(device: Device) -> None:
            for _ in range(UPLOADS):
                device.upload_once()

        def send_to_both() -> None:
            for number in range(1, UPLOADS + 1):
                both = [
                    partial(tablet.upload, contents(number), finish=False, one_step=True)
                    for tablet in (torn.tablet, twin)
                ]
                assert all_at_once(*both) == []

        assert all_at_once(*(partial(uploads, device) for device in ours), send_to_both) == []
    for device in (*ours, torn):
        name = device.tablet.device
        assert current_upload(database, name) == UPLOADS
        assert whole_database.versions(database, name) == TASKS * UPLOADS
    whole_database.check(database)


@pytest.mark.slow
def test_one_upload_sent_many_times_at_once_is_kept_once(
    database: Database, tmp_path: Path
) -> None:
    make_tablet_state(database)
    with running_server(tmp_path, database.engine.url) as server:

        def tablet() -> Tablet:
            return Tablet(f"{server.address}/database", "repeats", "tablet", "tablet-pw-1")

        tablet().register("Sends all again")

        def send() -> None:
            tablet().upload(contents(1), finish=False, one_step=True)

        assert all_at_once(*[send] * REPEATS) == []
    assert current_upload(database, "repeats") == 1
    assert whole_database.versions(database, "repeats") == TASKS
    whole_database.check(database)


@pytest.mark.slow
def test_the_last_request_sent_many_times_at_once_commits_once(
    database: Database, tmp_path: Path
) -> None:
    make_tablet_state(database)
    with running_server(tmp_path, database.engine.url) as server:
        tablet = Unfinished(f"{server.address}/database", "repeats", "tablet", "tablet-pw-1")
        tablet.register("Sends its last request again")
        for upload in (1, 2):
            tablet.upload(contents(upload), finish=False, one_step=False)

            def end() -> None:
                Tablet.call(replace(tablet), "end_upload")

            assert all_at_once(*[end] * REPEATS) == []
            assert current_upload(database, "repeats") == upload
    assert whole_database.versions(database, "repeats") == 2 * TASKS
    whole_database.check(database)


class Unfinished(Tablet):
    """A tablet that stops short of an upload's last request."""

    def call(self, operation: str, **fields: str) -> dict[str, str]:
        return {} if operation == "end_upload" else super().call(operation, **fields)
