# SPDX-License-Identifier: GPL-3.0-or-later
"""An adoption that is killed, repeated, and run twice at once ends as one that was left in peace."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from camcops.db.database import Database
from camcops.db.state import require_current
from camcops.problems import Problem
from tests.records.adoption.dumps import altered, seen_by_upstream
from tests.records.adoption.test_dumps import adopt, check_unaltered, repaired

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("adoption")]

# The last line heard of each run before it is killed: when repairs are made, but no table; while tables
# are extended; while tasks are scored.
LAST_WORDS = ("server's own tables", " gad7", "indexed and scored phq9")


def start(database: Database) -> "subprocess.Popen[str]":
    url = database.engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.records.adoption.adopting", url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_after(process: "subprocess.Popen[str]", words: str) -> None:
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.rstrip().endswith(words):
                process.kill()
                return
    raise AssertionError(f"it ended without “{words}”")


def test_killed_repeated_and_twice_at_once(upstream: Callable[[str], Database]) -> None:
    database = upstream("after_scripted")
    before = database.read(seen_by_upstream)
    for words in LAST_WORDS:
        kill_after(start(database), words)
        with pytest.raises(Problem, match="upgrade_db"):
            require_current(database)
        after = database.read(lambda conn: seen_by_upstream(conn, like=before))
        assert altered(before, after) == repaired(database)
    both = [start(database), start(database)]
    ends = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    check_unaltered(database, before, set())
    assert len(repaired(database)) == 3
    assert len(adopt(database)) == 1
    check_unaltered(database, before, set())
    assert len(repaired(database)) == 3
