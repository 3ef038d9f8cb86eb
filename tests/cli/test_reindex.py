# SPDX-License-Identifier: GPL-3.0-or-later
"""`camcops_server reindex` and `check_index`."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import task_index
from tests.running import write_config
from tests.tablet import WsgiTablet
from tests.tablet_api.conftest import make_application, quick_application, quick_device
from tests.tablet_api.contents import everything

__all__ = ["make_application", "quick_application", "quick_device"]


@pytest.mark.slow
def test_reindex(quick_device: WsgiTablet, sqlite_database: Database, tmp_path: Path) -> None:
    quick_device.upload(everything(), finish=False, one_step=True)
    sqlite_database.write(lambda conn: conn.execute(task_index.delete()))
    config = write_config(tmp_path, sqlite_database.engine.url, 8000)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "camcops", words[0], "--config", str(config), *words[1:]]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    first = run("check_index")
    assert (first.returncode, first.stdout) == (1, "")
    assert first.stderr.count("but not indexed") == 1
    assert "camcops_server reindex" in first.stderr
    assert run("check_index", "--show_all_bad").stderr.count("but not indexed") == 3
    done = run("reindex")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "phq9: 2" in done.stderr
    assert "Tasks indexed: 3" in done.stderr
    assert run("check_index").returncode == 0
    query = sa.select(sa.func.count()).select_from(task_index)
    assert sqlite_database.read(lambda conn: conn.scalar(query)) == 3
