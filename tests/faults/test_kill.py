# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole server killed at random moments: nothing acknowledged is lost, nothing half-written is seen.

`CAMCOPS_TEST_KILLS` says how often, on each database; `CAMCOPS_TEST_SEED` chooses other moments.
"""

import os
import threading
import time
from pathlib import Path
from random import Random

import pytest

from camcops.db.database import Database
from camcops.demonstration.tablet import Tablet
from tests.faults import whole_database
from tests.faults.devices import TASKS, Device, current_upload
from tests.initial_states import make_tablet_state
from tests.running import RunningServer, free_port, write_config

KILLS = int(os.environ.get("CAMCOPS_TEST_KILLS", "10"))
SEED = int(os.environ.get("CAMCOPS_TEST_SEED", "7"))
LONGEST_LIFE_S = 0.6
"""An upload takes about half of it."""


@pytest.mark.slow
def test_killed_at_random_moments(database: Database, tmp_path: Path) -> None:
    make_tablet_state(database)
    port = free_port()
    server = RunningServer(write_config(tmp_path, database.engine.url, port), port)
    random = Random(SEED)
    server.start()
    tablet = Tablet(f"{server.address}/database", "killed-device", "tablet", "tablet-pw-1")
    tablet.register("Killed")
    device = Device(tablet)
    unanswered = 0
    for _ in range(KILLS):
        device.stop.clear()
        uploading = threading.Thread(target=device.upload_until_stopped)
        uploading.start()
        time.sleep(random.uniform(0.02, LONGEST_LIFE_S))
        server.kill()
        device.stop.set()
        uploading.join()
        found = current_upload(database, "killed-device")
        assert found in (device.acknowledged, device.begun)
        unanswered += found != device.acknowledged
        whole_database.check(database)
        server.start()
        device.begun = found
        device.upload_once()
        assert current_upload(database, "killed-device") == device.acknowledged
    server.stop()
    assert device.refusals == []
    whole_database.check(database)
    assert whole_database.versions(database, "killed-device") == TASKS * device.acknowledged
    print(f"{KILLS} kills, {device.acknowledged} uploads kept, {unanswered} of them never answered")
