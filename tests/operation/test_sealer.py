# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit trail is sealed beside the serving, and by command; what is wrong is said and survived."""

import datetime as dt
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from camcops.audit.seal_file import read_seal_file
from camcops.audit.seals import latest_seal
from camcops.cli.main import server
from camcops.cli.shell import run
from camcops.config import load
from camcops.db.database import Database
from camcops.db.schema import audit, audit_seals
from camcops.operation.recurring import Recurring
from camcops.operation.sealer import seal_if_due
from camcops.site import Site, audit_keys
from tests.operation.test_status import site_of
from tests.running import write_config


@pytest.fixture
def site(sqlite_database: Database, tmp_path: Path) -> Site:
    return site_of(sqlite_database, tmp_path)


def act(site: Site, count: int = 1) -> None:
    for _ in range(count):
        site.database.write(lambda conn: site.audit.record(conn, source="console"))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def last_sealed(site: Site) -> int:
    seal = site.database.read(latest_seal)
    return 0 if seal is None else seal.last_id


def test_one_seal_a_minute_whatever_the_number_of_processes(site: Site) -> None:
    act(site)
    seal_if_due(site)
    act(site)
    seal_if_due(site)
    assert last_sealed(site) == 1
    for sealed, year in ((2, 2001), (3, 2999)):  # a minute is over; a clock was put back
        at = dt.datetime(year, 1, 1)  # noqa: DTZ001 - as DATETIME columns hold it
        moved = audit_seals.update().values(sealed_at_utc=at)
        site.database.write(partial(execute, moved))
        seal_if_due(site)
        assert last_sealed(site) == sealed
        act(site)


def execute(statement: sa.Update, conn: sa.Connection) -> None:
    conn.execute(statement)


def test_thread_seals_and_goes_on_after_a_failure(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    act(site)
    site.database.write(
        lambda conn: conn.execute(sa.text("ALTER TABLE _audit_seals RENAME TO elsewhere"))
    )
    sealer = Recurring("Sealing", lambda: seal_if_due(site), 0.02)
    sealer.start()
    try:
        wait_for(lambda: "Sealing failed" in caplog.text)
        site.database.write(
            lambda conn: conn.execute(sa.text("ALTER TABLE elsewhere RENAME TO _audit_seals"))
        )
        wait_for(lambda: last_sealed(site) == 1)
    finally:
        sealer.stop()


def command(*args: object) -> Result:
    return CliRunner().invoke(server, [str(arg) for arg in args])


def test_commands(sqlite_database: Database, tmp_path: Path) -> None:
    seals = tmp_path / "seals"
    site = site_of(sqlite_database, tmp_path)
    config = write_config(tmp_path, sqlite_database.engine.url, 8000, AUDIT_SEAL_FILE=str(seals))
    act(site, 3)
    assert "Rows sealed: 3; new seals: 1" in command("audit", "seal", "--config", config).stderr
    assert [seal.row_count for seal in read_seal_file(seals)] == [3]
    good = command("audit", "verify", "--config", config)
    assert (good.exit_code, good.stdout) == (0, "")
    assert "Rows checked: 3, under 1 seals" in good.stderr
    sqlite_database.write(lambda conn: conn.execute(audit.delete().where(audit.c.id == 2)))
    bad = command("audit", "verify", "--config", config)
    assert bad.exit_code == 1
    assert "Deleted: rows 2 (seal 1" in bad.stdout
    sqlite_database.write(lambda conn: conn.execute(audit_seals.delete()))
    sqlite_database.write(lambda conn: conn.execute(audit.delete()))
    cut = command("audit", "verify", "--config", config)
    assert "Seal 1, which the file has, is missing in the database." in cut.stdout
    assert run(server, ["audit", "seal", "--config", str(config)]) == 1


def test_former_secrets_verify_older_rows(sqlite_database: Database, tmp_path: Path) -> None:
    site = site_of(sqlite_database, tmp_path)
    act(site)
    config = write_config(
        tmp_path,
        sqlite_database.engine.url,
        8000,
        AUDIT_SECRET="a newer one",
        AUDIT_FORMER_SECRETS="\n    a secret of the tests",
    )
    assert site.audit.key_id in audit_keys(load(config).site)
    assert command("audit", "seal", "--config", config).exit_code == 0
    assert command("audit", "verify", "--config", config).exit_code == 0
    without = write_config(tmp_path, sqlite_database.engine.url, 8000, AUDIT_SECRET="a newer one")
    found = command("audit", "verify", "--config", without)
    assert found.stdout == "Row 1 was written with a key that is not given.\n"
