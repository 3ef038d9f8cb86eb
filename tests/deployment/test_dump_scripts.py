# SPDX-License-Identifier: GPL-3.0-or-later
"""The dump script is run as cron runs it, on a real MariaDB; both scripts clear away by the rules."""

import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.deployment.generated import accepted, needed, printed

DAY_S = 86400
NAME = re.compile(r"_\d{8}T\d{6}\.sql")

# File of database `camcops`, age in days, whether it goes.
AGES = [
    ("camcops_20200101T000000.sql", 2000.0, False),
    ("camcops_20200201T010101_with_drop_create_database.sql", 2000.0, False),
    ("camcops_20200102T000000.sql", 32.1, True),
    ("camcops_20200103T000000_with_drop_create_database.sql", 32.1, True),
    ("camcops_20200104T000000.sql", 31.5, False),
    ("camcops_20200105T000000.sql", 30.0, False),
    ("camcops2_20200102T000000.sql", 400.0, False),
    ("camcops_test_20200102T000000.sql", 400.0, False),
    ("camcops_notes.sql", 400.0, False),
    ("camcops_20200102T000000.sql.gz", 400.0, False),
    ("camcops_20200102T000000_copy.sql", 400.0, False),
    ("camcops_20200102T0000.sql", 400.0, False),
]


def fill(folder: Path, files: list[tuple[str, float, bool]]) -> set[str]:
    """Make files of such names and ages, and a folder of the same kind of name; all names."""
    for name, days, _ in files:
        (folder / name).write_text("-- Dump completed\n")
        then = time.time() - days * DAY_S
        os.utime(folder / name, (then, then))
    inner = folder / "camcops_20200102T111111.sql.d"
    inner.mkdir()
    old = inner / "camcops_20200102T000000.sql"
    old.touch()
    os.utime(old, (1, 1))
    return {name for name, *_ in files}


def script(folder: Path, *args: str | Path) -> Path:
    file = folder / "script.sh"
    file.write_text(printed(*args))
    file.chmod(0o700)
    return file


def test_the_prune_script_lists_and_then_deletes_what_the_table_says(tmp_path: Path) -> None:
    dumps = tmp_path / "dumps"
    dumps.mkdir()
    names = fill(dumps, AGES)
    newest = "camcops_20200306T000000.sql"
    names |= fill_one(dumps, newest, 400)
    prune = script(tmp_path, "demo_prune_script", "--directory", dumps)
    going = {name for name, _, goes in AGES if goes}

    listed = accepted(prune).splitlines()
    assert {Path(line).name for line in listed} == going
    assert {file.name for file in dumps.iterdir() if file.is_file()} == names

    assert accepted(prune, "--delete").splitlines() == listed
    assert {file.name for file in dumps.iterdir() if file.is_file()} == names - going
    assert accepted(prune, "--delete") == ""
    wrong = subprocess.run([prune, "--remove"], capture_output=True, check=False)
    assert wrong.returncode == 2


def fill_one(folder: Path, name: str, days: float) -> set[str]:
    (folder / name).touch()
    then = time.time() - days * DAY_S
    os.utime(folder / name, (then, then))
    return {name}


@pytest.mark.parametrize("command", ["demo_mysql_dump_script", "demo_prune_script"])
def test_shellcheck_finds_nothing_to_warn_of(command: str, tmp_path: Path) -> None:
    file = script(tmp_path, command, "one", "two")
    accepted("sh", "-n", file)
    assert accepted(needed("shellcheck"), "--severity=warning", file) == ""


@dataclass
class Dumping:
    """The script for two databases on a private server, as cron runs it."""

    folder: Path
    databases: tuple[str, str]
    socket: str
    path: str = "/usr/bin:/bin"
    script: Path = field(init=False)

    def __post_init__(self) -> None:
        self.dumps.mkdir()
        self.copies.mkdir()
        self.options.write_text(
            f"[client]\nuser = {self.databases[0]}_b\npassword = pw\nsocket = {self.socket}\n"
        )
        self.options.chmod(0o600)
        self.script = script(
            self.folder,
            *["demo_mysql_dump_script", *self.databases, "--directory", self.dumps],
            *["--option_file", self.options, "--copy_to", self.copies],
        )

    @property
    def dumps(self) -> Path:
        return self.folder / "dumps"

    @property
    def copies(self) -> Path:
        return self.folder / "copies"

    @property
    def options(self) -> Path:
        return self.folder / "login.cnf"

    def run(self) -> subprocess.CompletedProcess[str]:
        """No terminal, no input, next to nothing in the environment."""
        return subprocess.run(
            ["/bin/sh", "-c", str(self.script)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={"PATH": self.path, "SHELL": "/bin/sh"},
            start_new_session=True,
        )

    def files(self) -> list[Path]:
        return sorted(file for file in self.dumps.iterdir() if file.name != ".lock")


@pytest.fixture
def dumping(database_server: Callable[[str], sa.URL], tmp_path: Path) -> Iterator[Dumping]:
    needed("mariadb-dump", for_="mariadb")
    url = database_server("mariadb")
    names = f"t{secrets.token_hex(4)}", f"u{secrets.token_hex(4)}"
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    sql = printed(
        *["demo_mysql_create_db", "--database", names[0], "--owner", names[0]],
        *["--reader", f"{names[0]}_r", "--keeper", f"{names[0]}_b"],
    ).replace("KKKKKK_REPLACE_ME", "pw")
    with engine.connect() as connection:
        for statement in re.sub(r"^--.*$", "", sql, flags=re.MULTILINE).split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"CREATE DATABASE {names[1]}")
        connection.exec_driver_sql(f"GRANT ALL ON {names[1]}.* TO '{names[0]}_b'@'localhost'")
        connection.exec_driver_sql(f"CREATE TABLE {names[0]}.t (x BLOB, y TEXT)")
        connection.exec_driver_sql(f"CREATE TABLE {names[1]}.t (x INT)")
        connection.exec_driver_sql(
            f"INSERT INTO {names[0]}.t VALUES (X'00FF0A0D1A2227', 'Ünïcode 😀')"
        )
    yield Dumping(tmp_path, names, str(url.query["unix_socket"]))
    with engine.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        for end in ("", "_r", "_b"):
            connection.exec_driver_sql(f"DROP USER '{names[0]}{end}'@'localhost'")


def restored(dumping: Dumping, dump: Path) -> str:
    """What the first table holds once the dump is in another database."""
    client = [needed("mariadb"), "--no-defaults", f"--socket={dumping.socket}", "--user=root"]
    name = f"r{secrets.token_hex(4)}"
    wide = "--default-character-set=utf8mb4"
    subprocess.run([*client, "-e", f"CREATE DATABASE {name} CHARACTER SET utf8mb4"], check=True)
    try:
        with dump.open("rb") as source:
            subprocess.run([*client, name], stdin=source, check=True)
        query = [*client, wide, "-N", name, "-e", "SELECT HEX(x), y FROM t"]
        return subprocess.run(query, capture_output=True, text=True, check=True).stdout
    finally:
        subprocess.run([*client, "-e", f"DROP DATABASE {name}"], check=True)


def test_from_cron_every_database_is_dumped_copied_and_comes_back(dumping: Dumping) -> None:
    old = f"{dumping.databases[0]}_20200102T000000.sql"
    fill_one(dumping.dumps, old, 40)
    done = dumping.run()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    files = dumping.files()
    assert [NAME.sub("", file.name) for file in files] == sorted(dumping.databases)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    for file in files:
        assert (dumping.copies / file.name).read_bytes() == file.read_bytes()
    assert restored(dumping, files[0]) == "00FF0A0D1A2227\tÜnïcode 😀\n"


def test_what_fails_is_named_leaves_nothing_and_stops_no_other(dumping: Dumping) -> None:
    first, second = dumping.databases
    kept = f"{first}_20200102T000000.sql"
    fill_one(dumping.dumps, kept, 40)
    subprocess.run(
        [needed("mariadb"), "--no-defaults", f"--socket={dumping.socket}", "--user=root"],
        input=f"DROP DATABASE {first}",
        text=True,
        check=True,
    )
    done = dumping.run()
    assert done.returncode == 1
    assert f"database {first} was NOT dumped" in done.stderr
    assert [NAME.sub("", file.name) for file in dumping.files()] == sorted((first, second))
    assert (dumping.dumps / kept).exists(), "an old dump went although no new one was made"


def test_a_dump_that_is_cut_short_never_appears(dumping: Dumping) -> None:
    """As when the server or the dump program is killed, but its end isn't told."""
    cut = dumping.folder / "bin"
    cut.mkdir()
    program = cut / "mariadb-dump"
    program.write_text(f'#!/bin/sh\n{shutil.which("mariadb-dump")} "$@" | head -c 800\n')
    program.chmod(0o755)
    dumping.path = f"{cut}:{dumping.path}"
    done = dumping.run()
    assert done.returncode == 1
    assert done.stderr.count("was NOT dumped") == 2
    assert dumping.files() == []


def test_a_log_in_that_others_may_read_is_refused(dumping: Dumping) -> None:
    dumping.options.chmod(0o644)
    done = dumping.run()
    assert done.returncode == 1
    assert "chmod 0600" in done.stderr
    assert dumping.files() == []


def test_no_password_stands_on_a_command_line(dumping: Dumping) -> None:
    spy = dumping.folder / "bin"
    spy.mkdir()
    seen = dumping.folder / "seen"
    program = spy / "mariadb-dump"
    program.write_text(f'#!/bin/sh\necho "$@" >>{seen}\nexec {shutil.which("mariadb-dump")} "$@"\n')
    program.chmod(0o755)
    dumping.path = f"{spy}:{dumping.path}"
    assert dumping.run().returncode == 0
    assert len(seen.read_text().splitlines()) == 2
    assert "pw" not in re.findall(r"[a-z]+", seen.read_text())


def test_a_copy_that_fails_is_an_error_but_the_dump_stays(dumping: Dumping) -> None:
    dumping.copies.rmdir()
    done = dumping.run()
    assert done.returncode == 1
    assert "NOT copied" in done.stderr
    assert len(dumping.files()) == 2
