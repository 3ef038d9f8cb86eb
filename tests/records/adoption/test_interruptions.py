# SPDX-License-Identifier: GPL-3.0-or-later
"""An adoption that is killed, repeated, and run twice at once ends as one that was left in peace."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from camcops.db.database import Database
from camcops.db.state import require_current
from camcops.problems import Problem
from tests.db.killed_upgrades import Upgrade
from tests.records.adoption.dumps import altered, seen_by_upstream
from tests.records.adoption.test_dumps import adopt, check_unaltered, repaired
from tests.running import free_port, write_config

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("adoption")]

# Each run makes so many statements that none made before, and is killed.
PORTION = 1 if os.environ.get("CAMCOPS_TEST_EVERY_STEP") == "1" else 150


def start(database: Database) -> "subprocess.Popen[str]":
    url = database.engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.records.adoption.adopting", url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_killed_repeated_and_twice_at_once(
    upstream: Callable[[str], Database], tmp_path: Path
) -> None:
    database = upstream("after_scripted")
    before = database.read(seen_by_upstream)
    config = write_config(tmp_path, database.engine.url, free_port())
    adoption = Upgrade(config, database.library)
    kills = 0
    while not adoption.run(die_after=PORTION):
        kills += 1
        after = database.read(lambda conn: seen_by_upstream(conn, like=before))
        assert altered(before, after) == repaired(database), adoption.made[-1]
        with pytest.raises(Problem, match="upgrade_db"):
            require_current(database)
    assert kills >= 5
    both = [start(database), start(database)]
    ends = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    check_unaltered(database, before, set())
    assert len(repaired(database)) == 3
    assert len(adopt(database)) == 1
    check_unaltered(database, before, set())
    assert len(repaired(database)) == 3
