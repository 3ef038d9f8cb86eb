# SPDX-License-Identifier: GPL-3.0-or-later
"""`check_config`: every fault at once, of the file, of what it names, and of the database."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from camcops.cli.main import server
from camcops.cli.shell import run
from camcops.config import load
from camcops.db.database import Database, connect
from camcops.db.schema import server_settings
from camcops.db.state import REVISION, version_table
from camcops.db.upgrade import upgrade
from camcops.instruments.library import BUILT_IN, Library
from camcops.operation.config_checks import check_file, check_settings
from camcops.operation.database_checks import check_database
from camcops.operation.findings import Finding, Weight
from tests.running import write_config
from tests.scratch_databases import scratch_database, set_globally, text_of

NOWHERE = sa.make_url("sqlite:////nowhere/at/all.sqlite")


def config(folder: Path, url: sa.URL = NOWHERE, **more: str) -> Path:
    values = {"SESSION_COOKIE_SECRET": "x" * 40, "ALLOW_INSECURE_COOKIES": "false", **more}
    return write_config(folder, url, 8000, **values)


def subjects(found: list[Finding], weight: Weight) -> list[str]:
    return [one.subject for one in found if one.weight is weight]


def command(*args: str) -> Result:
    return CliRunner().invoke(server, ["check_config", *args])


def test_good_configuration_has_no_findings(tmp_path: Path) -> None:
    settings, found = check_file(config(tmp_path))
    assert settings is not None
    assert found == []
    assert list(check_settings(settings)) == []


def test_every_fault_is_found_at_once(tmp_path: Path) -> None:
    picture, strings = tmp_path / "logo.png", tmp_path / "strings.xml"
    picture.write_text("no picture")
    strings.write_text("<no end>")
    own = tmp_path / "own" / "mine"
    own.mkdir(parents=True)
    (own / "instrument.yaml").write_text("table: mine\nnonsense: 1\n")
    path = config(
        tmp_path,
        LOCAL_LOGO_FILE_ABSOLUTE=str(picture),
        CAMCOPS_LOGO_FILE_ABSOLUTE=str(tmp_path / "absent.png"),
        SNOMED_TASK_XML_FILENAME=str(tmp_path / "absent.xml"),
        EXTRA_STRING_FILES=f"{strings}\n{tmp_path}/none*.xml",
        INSTRUMENT_DIRS=f"{own.parent}\n{tmp_path / 'nothing'}",
        AUDIT_SEAL_FILE=str(tmp_path / "missing" / "seals"),
        SESSION_COOKIE_SECRET="short",
        ALLOW_INSECURE_COOKIES="true",
    )
    path.chmod(0o666)
    settings, found = check_file(path)
    assert settings is not None
    found += check_settings(settings)
    assert set(subjects(found, Weight.FAULT)) == {
        "LOCAL_LOGO_FILE_ABSOLUTE",
        "CAMCOPS_LOGO_FILE_ABSOLUTE",
        "SNOMED_TASK_XML_FILENAME",
        "EXTRA_STRING_FILES",
        "INSTRUMENT_DIRS",
        "AUDIT_SEAL_FILE",
    }
    assert subjects(found, Weight.WARNING) == [
        str(path),
        str(path),
        "SESSION_COOKIE_SECRET",
        "ALLOW_INSECURE_COOKIES",
        "EXTRA_STRING_FILES",
    ]
    assert "short" not in [word for one in found for word in one.says.split() if word != "short:"]


def test_faults_of_the_file_itself_come_one_by_one(tmp_path: Path) -> None:
    path = config(tmp_path, PORT="99999", LOG_FORMAT="runes")
    settings, found = check_file(path)
    assert settings is None
    assert [("PORT" in one.says, "LOG_FORMAT" in one.says) for one in found] == [
        (False, True),
        (True, False),
    ]


@pytest.mark.parametrize("broken", [False, True])
def test_database_in_order_and_outdated(database: Database, broken: bool) -> None:
    if broken:
        database.write(lambda conn: conn.execute(version_table.update().values(version_num="0001")))
    try:
        found = list(check_database(database))
    finally:
        if broken:
            database.write(
                lambda conn: conn.execute(version_table.update().values(version_num=REVISION))
            )
    faults = [one.says for one in found if one.weight is Weight.FAULT]
    assert bool(faults) is broken
    assert all("upgrade_db" in says for says in faults)
    assert "version" in subjects(found, Weight.NOTE)
    assert "clock" not in subjects(found, Weight.WARNING)


@pytest.mark.parametrize(
    ("flushed", "weight", "says"),
    [
        (0, Weight.WARNING, "once a second"),
        (1, Weight.NOTE, "each commit is on disk"),
        (2, Weight.WARNING, "if the machine loses power, a second"),
    ],
)
def test_what_mariadb_risks_is_told(
    server_database: Callable[[str], Database],
    database_server: Callable[[str], sa.URL],
    flushed: int,
    weight: Weight,
    says: str,
) -> None:
    database = server_database("mariadb")
    with set_globally(
        database_server("mariadb"),
        innodb_flush_log_at_trx_commit=flushed,
        max_allowed_packet=1 << 20,
    ):
        database.engine.dispose()
        found = {one.subject: one for one in check_database(database)}
    database.engine.dispose()
    about = found["innodb_flush_log_at_trx_commit"]
    assert (about.weight, says in about.says) == (weight, True)
    packet = found["max_allowed_packet"]
    assert packet.weight is Weight.WARNING
    assert "1024 KiB: photographs need 32M or more" in packet.says


@pytest.mark.slow
def test_database_made_as_latin1_still_holds_every_letter(
    database_server: Callable[[str], sa.URL],
) -> None:
    """Servers make databases so by default: our tables name their own character set."""
    library = Library({"phq9": BUILT_IN / "phq9"})
    title = "Ünïcode 😀 日本"
    with scratch_database(database_server("mariadb")) as url:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.begin() as conn:
            conn.execute(sa.text("ALTER DATABASE CHARACTER SET latin1"))
        upgrade(text_of(url), library)
        database = connect(text_of(url), library)
        database.write(
            lambda conn: conn.execute(server_settings.update().values(database_title=title))
        )
        kept = database.read(lambda conn: conn.scalar(sa.select(server_settings.c.database_title)))
        assert kept == title
        found = [one for one in check_database(database) if one.subject == "character set"]
        assert [(one.weight, "latin1" in one.says) for one in found] == [(Weight.WARNING, True)]
        narrow = sa.text("ALTER TABLE phq9 CONVERT TO CHARACTER SET latin1")
        database.write(lambda conn: conn.execute(narrow))
        found = [one for one in check_database(database) if one.weight is Weight.FAULT]
        assert ["1 tables are not in utf8mb4" in one.says for one in found] == [True]
        database.engine.dispose()


def test_command_says_all_and_makes_no_database(tmp_path: Path) -> None:
    path = config(tmp_path, sa.make_url(f"sqlite:///{tmp_path}/absent.sqlite"))
    done = command("--config", str(path), "--connect", "--json")
    found = [(one["weight"], one["subject"]) for one in json.loads(done.stdout)]
    assert ("fault", "DB_URL") in found
    assert {weight for weight, _ in found} == {"fault", "note"}
    assert done.exit_code == 1
    assert not (tmp_path / "absent.sqlite").exists()
    assert command("--config", str(path)).exit_code == 0
    assert run(server, ["check_config", "--config", str(tmp_path / "absent.conf")]) == 1


def test_new_sqlite_file_is_its_owners_alone(tmp_path: Path, sqlite_database: Database) -> None:
    path = tmp_path / "new.sqlite"
    made = connect(f"sqlite:///{path}", sqlite_database.library)
    made.write(lambda conn: conn.execute(sa.text("CREATE TABLE x (y)")))
    made.engine.dispose()
    assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    url = sa.make_url("mysql+pymysql://someone:t0psecret@127.0.0.1:1/camcops")
    done = command("--config", str(config(tmp_path, url)), "--connect")
    assert "fault: DB_URL" in done.stdout
    assert "t0psecret" not in done.output
    assert load(config(tmp_path, url)).site.log_format == "plain"
