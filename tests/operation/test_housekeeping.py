# SPDX-License-Identifier: GPL-3.0-or-later
"""What has run out is cleared away, by the command and beside serving."""

import datetime as dt
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from camcops.cli.main import server
from camcops.config import load
from camcops.db.database import Database
from camcops.db.schema import devices, sessions
from camcops.operation.housekeeping import keep_house
from camcops.operation.recurring import Recurring
from camcops.problems import DATABASE_BUSY, Problem
from camcops.site import Site
from tests.running import write_config

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)


def leave_behind(conn: sa.Connection) -> None:
    """An old session, and two devices that began an upload, one of them long ago."""
    conn.execute(sessions.insert().values(token="x", last_activity_utc=LONG_AGO))
    today = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    for name, begun in (("old", LONG_AGO), ("new", today)):
        conn.execute(devices.insert().values(name=name, ongoing_upload_batch_utc=begun))


def uploading(conn: sa.Connection) -> list[str]:
    query = sa.select(devices.c.name).where(devices.c.ongoing_upload_batch_utc.is_not(None))
    return list(conn.scalars(query))


def test_the_command(sqlite_database: Database, tmp_path: Path) -> None:
    sqlite_database.write(leave_behind)
    config = write_config(tmp_path, sqlite_database.engine.url, 8000)
    done = CliRunner().invoke(server, ["housekeeping", "--config", str(config)])
    assert done.exit_code == 0
    assert "Unfinished uploads dropped: 1" in done.output
    assert sqlite_database.read(uploading) == ["new"]
    assert sqlite_database.read(lambda c: c.execute(sa.select(sessions)).all()) == []
    assert keep_house(Site.open(load(config))) == 0


@pytest.mark.parametrize("failure", [Problem(DATABASE_BUSY), ValueError("a fault of ours")])
def test_a_failure_ends_nothing(failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()
    attempts: list[int] = []

    def job() -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise failure
        done.set()

    recurring = Recurring("Something", job, 0.01)
    recurring.start()
    assert done.wait(10)
    recurring.stop()
    assert "Something failed" in caplog.text
