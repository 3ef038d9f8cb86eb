# SPDX-License-Identifier: GPL-3.0-or-later
"""`camcops_server upgrade_db` as an administrator runs it."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.test_shell import camcops
from tests.running import free_port, write_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    url = sa.make_url(f"sqlite:///{tmp_path / 'camcops.sqlite'}")
    return write_config(tmp_path, url, free_port())


@pytest.mark.slow
def test_upgrade_db(config: Path) -> None:
    script = camcops("upgrade_db", "--config", str(config), "--show_sql_only")
    assert script.returncode == 0, script.stderr
    assert "CREATE TABLE phq9" in script.stdout
    refused = camcops("reindex", "--config", str(config))
    assert refused.returncode == 1
    assert "upgrade_db" in refused.stderr

    done = camcops("upgrade_db", "--config", str(config))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.splitlines()[-2:] == ["Tasks indexed: 0", "The database is up to date."]
    again = camcops("upgrade_db", "--config", str(config), "--no_reindex")
    assert again.returncode == 0
    assert "indexed" not in again.stderr
    assert camcops("upgrade_db", "--config", str(config), "--show_sql_only").stdout == ""
    assert camcops("reindex", "--config", str(config)).returncode == 0


def test_upgrade_db_needs_the_configuration_on_the_command_line() -> None:
    refused = camcops("upgrade_db", CAMCOPS_CONFIG_FILE="/tmp/camcops.conf")
    assert refused.returncode == 2
    assert "--config" in refused.stderr
