# SPDX-License-Identifier: GPL-3.0-or-later
"""`camcops_server check_index`."""

import subprocess
import sys
from pathlib import Path

import pytest

from camcops.db.database import Database
from camcops.db.schema import idnum_index, task_index
from tests.running import write_config
from tests.tablet import WsgiTablet
from tests.tablet_api.conftest import make_application, quick_application, quick_device
from tests.tablet_api.contents import everything

__all__ = ["make_application", "quick_application", "quick_device"]


@pytest.mark.slow
def test_check_index(quick_device: WsgiTablet, sqlite_database: Database, tmp_path: Path) -> None:
    quick_device.upload(everything(), finish=False, one_step=True)
    config = write_config(tmp_path, sqlite_database.engine.url, 8000)

    def check(*options: str) -> tuple[int, list[str]]:
        done = subprocess.run(
            [sys.executable, "-m", "camcops", "check_index", "--config", str(config), *options],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == ""
        return done.returncode, done.stderr.splitlines()

    assert check() == (0, ["All good."])
    sqlite_database.write(
        lambda conn: (
            conn.execute(task_index.update().values(task_pk=task_index.c.task_pk + 50)),
            conn.execute(idnum_index.update().values(idnum_pk=idnum_index.c.idnum_pk + 50)),
        )
    )
    status, lines = check()
    assert (status, len(lines)) == (1, 2)
    assert "reindex" in lines[-1]
    status, lines = check("--show_all_bad")
    assert (status, len(lines)) == (1, 2 * (3 + 1) + 1)
    assert "8 found" in lines[-1]
