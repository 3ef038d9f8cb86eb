# SPDX-License-Identifier: GPL-3.0-or-later
"""The database stops, dies or freezes while devices upload, and comes back.

Uploads fail quickly and readably, nothing acknowledged is lost, and nobody needs to do anything afterwards.
"""

import html
import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.engine import ANSWER_WITHIN_S, CONNECT_TIMEOUT_S
from camcops.problems import DATABASE_BUSY
from tests.faults.conftest import FragileDatabase
from tests.faults.devices import Device, check_contents, registered, uploading, wait_for_failures
from tests.faults.restartable_server import RestartableServer
from tests.faults.server_processes import open_files
from tests.running import RunningServer, running_server

ROUNDS = int(os.environ.get("CAMCOPS_TEST_OUTAGES", "1"))
DEVICES = 4
OUTAGE_S = 1.0
LONGEST_RECOVERY_S = 5
LONGEST_FAILURE_S = 5
LONGEST_FROZEN_S = 3 * (ANSWER_WITHIN_S + CONNECT_TIMEOUT_S)
PROCESSES = 2
READABLE = ("HTTP 503: The database can't be used", DATABASE_BUSY.says)
MOST_CONNECTIONS = PROCESSES * 8
"""Each thread of each process may hold one."""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_down_and_up_again(fragile: FragileDatabase, tmp_path: Path, how: str) -> None:
    end: Callable[[RestartableServer], None] = getattr(RestartableServer, how)
    with running_server(tmp_path, fragile.database.engine.url) as server:
        devices = registered(server.address, *(f"{how}-{n}" for n in range(DEVICES)))
        with uploading(devices):
            for device in devices:
                device.acknowledge_another(within_s=30)
            files = open_files(server.process.pid)
            for _ in range(ROUNDS):
                end(fragile.server)
                _check_page(server)
                time.sleep(OUTAGE_S)
                fragile.server.start()
                for device in devices:
                    device.acknowledge_another(within_s=LONGEST_RECOVERY_S)
        assert open_files(server.process.pid) <= files + PROCESSES * 8
        assert _idle_connections(fragile.database) <= MOST_CONNECTIONS
    _check_failures(devices, LONGEST_FAILURE_S)
    check_contents(fragile.database, devices)


def _check_page(server: RunningServer) -> None:
    """A browser is told too."""
    stranger = {"Cookie": "camcops_session=none"}
    request = Request(f"{server.address}/webview/tasks", headers=stranger)
    try:
        with urlopen(request) as page:
            status, text = page.status, page.read().decode()
    except HTTPError as error:
        status, text = error.code, error.read().decode()
    assert status in (403, 503)
    assert "Log in" in text or "database can't be used" in html.unescape(text)


@pytest.mark.slow
def test_frozen_and_thawed(fragile: FragileDatabase, tmp_path: Path) -> None:
    """Connections stay open, but nothing answers: as with a hanging disk or a broken network."""
    with running_server(tmp_path, fragile.database.engine.url) as server:
        devices = registered(server.address, *(f"frozen-{n}" for n in range(DEVICES)))
        with uploading(devices):
            for device in devices:
                device.acknowledge_another(within_s=30)
            files = open_files(server.process.pid)
            fragile.server.freeze()
            wait_for_failures(devices, within_s=LONGEST_FROZEN_S)
            fragile.server.thaw()
            for device in devices:
                device.acknowledge_another(within_s=LONGEST_FROZEN_S)
        assert open_files(server.process.pid) <= files + PROCESSES * 8
        assert _idle_connections(fragile.database) <= MOST_CONNECTIONS
    _check_failures(devices, LONGEST_FROZEN_S)
    check_contents(fragile.database, devices)


def _check_failures(devices: list[Device], longest_s: float) -> None:
    failures = [failure for device in devices for failure in device.failures]
    assert failures
    shown = {failure.shown for failure in failures}
    assert all(one.startswith(READABLE) for one in shown), shown
    slowest = max(failure.after_s for failure in failures)
    assert slowest < longest_s
    print(f"{len(failures)} failures in {longest_s} s at most; slowest {slowest:.1f} s: {shown}")


def _idle_connections(database: Database) -> int:
    """Connections to the database but ours; none may be within a transaction."""
    database.engine.dispose()
    if database.engine.dialect.name == "postgresql":
        query = (
            "SELECT state FROM pg_stat_activity"
            " WHERE datname = 'camcops' AND pid <> pg_backend_pid()"
        )
        states = database.read(lambda conn: conn.scalars(sa.text(query)).all())
        assert set(states) <= {"idle"}
        return len(states)
    transactions = "SELECT COUNT(*) FROM information_schema.innodb_trx"
    mine = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = 'camcops'"
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql(transactions).scalar_one() == 0
        return int(connection.exec_driver_sql(mine).scalar_one()) - 1
