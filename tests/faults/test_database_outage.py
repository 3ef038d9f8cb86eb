# SPDX-License-Identifier: GPL-3.0-or-later
"""The database stops, dies or freezes while devices upload, and comes back.

Uploads fail quickly and readably, nothing acknowledged is lost, and nobody needs to do anything afterwards.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.problems import DATABASE_BUSY
from tests.faults import whole_database
from tests.faults.conftest import FragileDatabase
from tests.faults.devices import TASKS, Device, current_upload, registered, uploading
from tests.faults.restartable_server import RestartableServer
from tests.faults.server_processes import open_files
from tests.running import running_server

ROUNDS = int(os.environ.get("CAMCOPS_TEST_OUTAGES", "1"))
DEVICES = 4
OUTAGE_S = 1.0
LONGEST_RECOVERY_S = 5
LONGEST_FAILURE_S = 5
PROCESSES = 2
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
                time.sleep(OUTAGE_S)
                fragile.server.start()
                for device in devices:
                    device.acknowledge_another(within_s=LONGEST_RECOVERY_S)
        assert open_files(server.process.pid) <= files + PROCESSES * 8
        assert _idle_connections(fragile.database) <= MOST_CONNECTIONS
    _check_failures(devices, LONGEST_FAILURE_S)
    _check_contents(fragile.database, devices)


def _check_failures(devices: list[Device], longest_s: float) -> None:
    failures = [failure for device in devices for failure in device.failures]
    assert failures
    shown = {failure.shown for failure in failures}
    assert shown <= {"HTTP 503", DATABASE_BUSY.says}, shown
    slowest = max(failure.after_s for failure in failures)
    assert slowest < longest_s
    print(f"{len(failures)} failures in {longest_s} s at most; slowest {slowest:.1f} s: {shown}")


def _check_contents(database: Database, devices: list[Device]) -> None:
    """Everything acknowledged is there, once."""
    database.engine.dispose()
    whole_database.check(database)
    for device in devices:
        name = device.tablet.device
        found = current_upload(database, name)
        assert found in (device.acknowledged, device.begun)
        assert whole_database.versions(database, name) == TASKS * found


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
