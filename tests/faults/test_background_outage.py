# SPDX-License-Identifier: GPL-3.0-or-later
"""The database is stopped and started again under `launch_workers` and `launch_scheduler`: they go on."""

from pathlib import Path

import pytest

from camcops.audit.seals import latest_seal
from camcops.outbox.events import DONE
from tests.faults.conftest import FragileDatabase
from tests.jobs.background import launched, wait_for
from tests.jobs.test_settling import put, states
from tests.operation.test_status import site_of
from tests.running import free_port, write_config

pytestmark = pytest.mark.slow


def test_workers_and_scheduler_outlive_a_restart_of_the_database(
    fragile: FragileDatabase, tmp_path: Path
) -> None:
    database = fragile.database
    site = site_of(database, tmp_path)
    site.database.write(lambda conn: site.audit.record(conn, source="console"))
    config = write_config(tmp_path, database.engine.url, free_port())
    with (
        launched("launch_workers", config) as workers,
        launched("launch_scheduler", config) as scheduler,
    ):
        put(database, 2)
        workers.wait_for_line("settled: 2")
        wait_for(lambda: database.read(latest_seal) is not None)
        fragile.server.kill()
        workers.wait_for_line("Settling the outbox failed. The database can't be used")
        fragile.server.start()
        workers.wait_for_line("Settling the outbox: all is well again")
        put(database, 3)
        workers.wait_for_line("settled: 3")
        assert (workers.stop(), scheduler.stop()) == (0, 0)
    assert states(database) == {DONE: 5}
    assert workers.log.read_text().count("Settling the outbox failed") == 1
