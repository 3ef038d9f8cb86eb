# SPDX-License-Identifier: GPL-3.0-or-later
"""`upgrade_db` on a database of CamCOPS 2.4, and `finish_adoption`."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.catalogue import read_catalogue
from camcops.db.database import Database
from camcops.db.schema import upstream_revision
from tests.records.adoption.conftest import left_by_upstream
from tests.running import write_config

__all__ = ["left_by_upstream"]


def run(folder: Path, database: Database, *arguments: str) -> "subprocess.CompletedProcess[str]":
    config = write_config(folder, database.engine.url, 8000)
    command, *options = arguments
    return subprocess.run(
        [sys.executable, "-m", "camcops", command, "--config", str(config), *options],
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_revision_is_refused(left_by_upstream: Database, tmp_path: Path) -> None:
    database = left_by_upstream
    database.write(lambda conn: conn.execute(upstream_revision.update().values(version_num="0086")))
    before = database.read(read_catalogue)
    for options in ((), ("--dry_run",), ("--show_sql_only",)):
        refused = run(tmp_path, database, "upgrade_db", *options)
        assert refused.returncode == 1
        assert "at revision 0086; only one at revision 0087" in refused.stderr
    assert database.read(read_catalogue) == before


@pytest.mark.slow
def test_adopting_and_finishing(left_by_upstream: Database, tmp_path: Path) -> None:
    database = left_by_upstream
    before = database.read(read_catalogue)
    waiting = run(tmp_path, database, "check_index")
    assert (waiting.returncode, "upgrade_db" in waiting.stderr) == (1, True)
    told = run(tmp_path, database, "upgrade_db", "--dry_run")
    assert told.returncode == 0, told.stderr
    assert "less than a minute" in told.stderr
    assert "Nothing was changed" in told.stderr
    assert database.read(read_catalogue) == before
    sql = run(tmp_path, database, "upgrade_db", "--show_sql_only")
    assert "ALTER TABLE _security_users ADD COLUMN password_hash" in sql.stdout
    assert database.read(read_catalogue) == before

    done = run(tmp_path, database, "upgrade_db", "--no_reindex")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "Tasks indexed and scored: 0." in done.stderr
    unsure = run(tmp_path, database, "finish_adoption")
    assert unsure.returncode == 1
    assert "--confirm_finish_adoption" in unsure.stderr
    sure = run(tmp_path, database, "finish_adoption", "--confirm_finish_adoption")
    assert (sure.returncode, sure.stdout) == (0, "")
    assert "Finishing takes less than a minute, roughly." in sure.stderr
    again = run(tmp_path, database, "finish_adoption", "--confirm_finish_adoption")
    assert "final already" in again.stderr
    query = sa.select(upstream_revision.c.version_num)
    assert database.read(lambda conn: conn.scalars(query).all()) == ["0087"]
