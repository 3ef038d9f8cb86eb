# SPDX-License-Identifier: GPL-3.0-or-later
"""`launch_workers` and `launch_scheduler` as Supervisor runs them: they work, say so, and end when asked."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.audit.seals import latest_seal
from camcops.db.database import Database
from camcops.db.schema import outbox
from camcops.outbox.events import DONE, WAITING
from tests.jobs.background import LONGEST_END_S, launched, wait_for
from tests.jobs.test_settling import LONG_AGO, change, put, states
from tests.operation.test_status import site_of
from tests.running import free_port, write_config

pytestmark = pytest.mark.slow


def test_workers_settle_what_comes_and_end_when_asked(
    sqlite_database: Database, tmp_path: Path
) -> None:
    put(sqlite_database, 3)
    config = write_config(tmp_path, sqlite_database.engine.url, free_port())
    with launched("launch_workers", config) as workers:
        workers.wait_for_line("settled: 3")
        put(sqlite_database, 2)
        workers.wait_for_line("settled: 2")
        assert workers.stop() == 0
    assert states(sqlite_database) == {DONE: 5}
    assert "Stopped" in workers.log.read_text()


def test_with_recipients_events_stay_and_the_log_says_why(
    sqlite_database: Database, tmp_path: Path
) -> None:
    put(sqlite_database, 3)
    config = write_config(tmp_path, sqlite_database.engine.url, free_port(), RECIPIENTS="archive")
    config.write_text(config.read_text() + "\n[recipient:archive]\n")
    with launched("launch_workers", config) as workers:
        workers.wait_for_line("Events that wait in the outbox: 3")
        workers.process.send_signal(signal.SIGINT)  # Ctrl-C
        assert workers.process.wait(LONGEST_END_S) == 0
    assert "RECIPIENTS names archive, but" in workers.log.read_text()
    assert states(sqlite_database) == {WAITING: 3}


def test_scheduler_seals_and_keeps_house(sqlite_database: Database, tmp_path: Path) -> None:
    site = site_of(sqlite_database, tmp_path)
    site.database.write(lambda conn: site.audit.record(conn, source="console"))
    put(sqlite_database, 1)
    old = {"due_at_utc": LONG_AGO, "finished_at_utc": LONG_AGO}
    change(sqlite_database, where=sa.true(), state=DONE, **old)
    config = write_config(tmp_path, sqlite_database.engine.url, free_port())
    with launched("launch_scheduler", config) as scheduler, launched("launch_scheduler", config):
        wait_for(lambda: sqlite_database.read(latest_seal) is not None)
        wait_for(lambda: states(sqlite_database) == {})
        scheduler.wait_for_line("sealed each 60 s")  # the other one may have done the work
        assert scheduler.stop() == 0
    log = scheduler.log.read_text()
    assert "the audit trail is sealed each 60 s" in log
    assert "failed" not in log


def test_work_that_takes_too_long_is_cut_short(sqlite_database: Database, tmp_path: Path) -> None:
    """Another program holds the database's lock: the process still ends, and nothing is half done."""
    put(sqlite_database, 1)
    config = write_config(tmp_path, sqlite_database.engine.url, free_port())
    with sqlite_database.engine.begin() as other:
        other.execute(outbox.update().values(attempts=1))
        with launched("launch_workers", config) as workers:
            workers.wait_for_line("events of the outbox are settled")
            assert workers.stop() == 0
    assert states(sqlite_database) == {WAITING: 1}


@pytest.mark.parametrize("command", ["launch_workers", "launch_scheduler"])
def test_bad_start_is_one_sentence(tmp_path: Path, command: str) -> None:
    config = write_config(tmp_path, sa.make_url(f"sqlite:///{tmp_path / 'new'}"), free_port())
    done = subprocess.run(
        [sys.executable, "-m", "camcops", command, "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "no CamCOPS tables yet. Run “camcops_server upgrade_db”." in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
