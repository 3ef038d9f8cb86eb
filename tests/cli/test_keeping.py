# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup, damage, restore, verify: as an administrator does it, on each database."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.cli.main import server
from camcops.cli.shell import run
from camcops.db.database import Database, connect
from camcops.db.schema import blobs
from camcops.instruments.library import Library
from tests.db.test_keeping import contents, fill
from tests.running import write_config
from tests.scratch_databases import text_of

pytestmark = pytest.mark.slow


def command(*args: object) -> int:
    return run(server, [str(arg) for arg in args])


def destroy(database: Database) -> None:
    """What a mistaken administrator or a broken disk leaves: nothing."""
    url = database.engine.url
    database.engine.dispose()
    if url.get_backend_name() == "sqlite":
        for file in Path(str(url.database)).parent.glob("empty.sqlite*"):
            file.unlink()
        return
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        if url.get_backend_name() == "mysql":
            name = conn.scalar(sa.text("SELECT DATABASE()"))
            conn.execute(sa.text(f"DROP DATABASE {name}"))
            conn.execute(sa.text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
        else:
            conn.execute(sa.text("DROP SCHEMA public CASCADE"))
            conn.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()


def test_backup_damage_restore_verify(
    empty_database_url: str, library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path, sa.make_url(empty_database_url), 8000)
    file, damaged = tmp_path / "kept.backup", tmp_path / "damaged.backup"
    assert command("upgrade_db", "--config", config) == 0
    database = connect(empty_database_url, library)
    fill(database)
    before = contents(database)
    assert command("backup", "--config", config, "--to", file) == 0
    assert "verified" in capsys.readouterr().out

    destroy(database)
    assert command("restore", "--config", config, "--from", file) == 1
    assert "upgrade_db" in capsys.readouterr().err
    assert command("upgrade_db", "--config", config) == 0
    empty = contents(database)

    whole = file.read_bytes()
    middle = len(whole) // 2
    damaged.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    cut = tmp_path / "cut.backup"
    cut.write_bytes(whole[:middle])
    for bad in (damaged, cut):
        assert command("restore", "--config", config, "--from", bad) == 1
        assert command("verify", bad) == 1
        assert contents(database) == empty

    assert command("restore", "--config", config, "--from", file) == 0
    assert contents(database) == before
    assert command("verify", file) == 0
    assert "Good" in capsys.readouterr().out
    assert command("check_index", "--config", config) in (0, 1)
    assert command("restore", "--config", config, "--from", file) == 1
    assert contents(database) == before
    database.engine.dispose()


def test_restore_killed_half_way_leaves_the_target_empty(
    database: Database, server_database: Callable[[str], Database], library: Library, tmp_path: Path
) -> None:
    backup, source = tmp_path / "x.backup", tmp_path / "source"
    source.mkdir()
    kept = connect(f"sqlite:///{source}/source.sqlite", library)
    config = write_config(source, kept.engine.url, 8000)
    assert command("upgrade_db", "--config", config) == 0
    fill(kept)
    assert command("backup", "--config", config, "--to", backup, "--no_verify") == 0
    empty = contents(database)
    url = text_of(database.engine.url)
    for table in ("blobs", "ybocs"):
        killed = subprocess.run(
            [sys.executable, "-m", "tests.db.restoring", url, str(backup), table],
            capture_output=True,
            check=False,
        )
        assert killed.returncode == -9, killed.stderr
        assert contents(database) == empty
    target = write_config(tmp_path, database.engine.url, 8000)
    assert command("restore", "--config", target, "--from", backup) == 0
    assert contents(database) == contents(kept)
    kept.engine.dispose()


def test_backup_that_is_asked_to_end_leaves_nothing(
    sqlite_database: Database, tmp_path: Path
) -> None:
    fill(sqlite_database)
    large = blobs.update().values(theblob=bytes(30_000_000))
    sqlite_database.write(lambda conn: conn.execute(large))
    config = write_config(tmp_path, sqlite_database.engine.url, 8000)
    out = tmp_path / "out"
    out.mkdir()
    words = ["backup", "--no_verify", "--config", str(config), "--to", str(out)]
    with subprocess.Popen([sys.executable, "-m", "camcops", *words]) as process:
        while not list(out.glob(".*.unfinished")):
            assert process.poll() is None
            time.sleep(0.001)
        process.terminate()
        assert process.wait(30) == 1
    assert list(out.iterdir()) == []


def test_sites_own_instruments_are_verified_with_its_configuration(
    library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own" / "mine"
    own.mkdir(parents=True)
    (own / "instrument.yaml").write_text(
        "table: mine\nshort_name: Mine\ntitle: Mine\ndescription: Ours\nmenus: []\n"
        "wording: included\nrights: ours\nsource: ours\nskeleton: yes\nfields:\n"
        "  q1: {type: integer, identifying: no, about: how it is}\n"
    )
    url = sa.make_url(f"sqlite:///{tmp_path}/own.sqlite")
    config = write_config(tmp_path, url, 8000, INSTRUMENT_DIRS=str(own.parent))
    backup = tmp_path / "own.backup"
    assert command("upgrade_db", "--config", config) == 0, capsys.readouterr().err
    assert command("backup", "--config", config, "--to", backup) == 0
    assert command("verify", "--config", config, backup) == 0
