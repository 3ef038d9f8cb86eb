# SPDX-License-Identifier: GPL-3.0-or-later
"""`camcops_backup_mysql_database`, on a real MariaDB server."""

import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.engine import create_engine
from tests.database_servers import program
from tests.faults.restartable_server import folder_of_its_own, require_small_disks
from tests.running import write_config
from tests.scratch_databases import scratch_database, text_of

PASSWORD = """p#a "s\\s' w=;%ü\\n"""
PICTURE = bytes(range(256)) * 400
USER = "dumper_of_tests"


@dataclass(frozen=True)
class Dumped:
    """A database with a few of everything, and its server's socket."""

    url: sa.URL
    socket: str

    @property
    def name(self) -> str:
        return str(self.url.database)

    @property
    def log_in(self) -> tuple[str, ...]:
        return ("--socket", self.socket, "--username", USER)

    @property
    def user_url(self) -> sa.URL:
        return self.url.set(username=USER, password=PASSWORD)


def sql(url: sa.URL, *statements: str | sa.TextClause) -> None:
    engine = create_engine(text_of(url))
    with engine.connect() as conn:
        conn.execution_options(isolation_level="AUTOCOMMIT")
        for statement in statements:
            conn.execute(sa.text(statement) if isinstance(statement, str) else statement)
    engine.dispose()


@pytest.fixture(scope="module")
def dumped(database_server: Callable[[str], sa.URL]) -> Iterator[Dumped]:
    """A database, and a user who owns it and nothing else."""
    server = database_server("mariadb")
    with scratch_database(server) as url:
        sql(
            url,
            "ALTER DATABASE CHARACTER SET utf8mb4",
            "CREATE TABLE people (pk INT PRIMARY KEY, name TEXT, picture LONGBLOB, "
            "loud TEXT AS (UPPER(name)) STORED INVISIBLE) CHARACTER SET utf8mb4",
            sa.text("INSERT INTO people VALUES (1, 'Ünal 😀 O''Brien', :picture)").bindparams(
                picture=PICTURE
            ),
            "CREATE TABLE log (n INT)",
            "CREATE TRIGGER t AFTER INSERT ON people FOR EACH ROW INSERT INTO log VALUES (new.pk)",
            "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO DELETE FROM log",
            "CREATE VIEW v AS SELECT name FROM people",
            sa.text(f"CREATE USER {USER}@localhost IDENTIFIED BY :word").bindparams(word=PASSWORD),
            f"GRANT ALL PRIVILEGES ON {url.database}.* TO {USER}@localhost",
        )
        made = Dumped(url, str(server.query["unix_socket"]))
        # Others' routines are not theirs to read.
        sql(made.user_url, "CREATE PROCEDURE p() SELECT 1")
        yield made
        sql(server, f"DROP USER {USER}@localhost")


def backup(
    *args: object, stdin: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """As cron runs it: without a terminal, with next to no environment."""
    source = {} if stdin is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run(
        [sys.executable, "-m", "camcops.cli.mysql_backup", *map(str, args)],
        capture_output=True,
        text=True,
        input=stdin,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **variables},
        timeout=60,
        **source,  # type: ignore[call-overload]
    )


def restored(dumped: Dumped, dump: Path) -> sa.URL:
    """Give a dump back to its server; the address of its database."""
    command = [program("mariadb"), "--no-defaults", f"--socket={dumped.socket}", "--user=root"]
    with dump.open("rb") as file:
        done = subprocess.run([*command, dumped.name], stdin=file, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return dumped.url


def contents(url: sa.URL) -> list[object]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as conn:
        found: list[object] = list(
            conn.execute(sa.text("SELECT pk, name, picture, loud FROM people"))
        )
        for query in (
            "SELECT routine_name FROM information_schema.routines WHERE routine_schema=DATABASE()",
            "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema=DATABASE()",
            "SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE()",
            "SELECT name FROM v",
            "SELECT COUNT(*) FROM log",
        ):
            found += conn.scalars(sa.text(query)).all()
    engine.dispose()
    return found


def spying(folder: Path) -> Path:
    """A dump program that writes down what every process shows, and the log-in's file, then does its work."""
    script = folder / "spying_mysqldump"
    script.write_text(
        f"""#!/bin/sh
for one in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$one; echo; done >{folder}/processes 2>/dev/null
file=${{1#--defaults-extra-file=}}
stat -c '%a %n' "$file" >{folder}/option_file
cat "$file" >{folder}/option_content
exec {program("mysqldump")} "$@"
"""
    )
    script.chmod(0o755)
    return script


def test_dump_is_whole_and_can_be_given_back(dumped: Dumped, tmp_path: Path) -> None:
    before = contents(dumped.url)
    assert before[0] == (1, "Ünal 😀 O'Brien", PICTURE, "ÜNAL 😀 O'BRIEN")
    done = backup(
        dumped.name, *dumped.log_in, "--output_dir", tmp_path, CAMCOPS_BACKUP_PASSWORD=PASSWORD
    )
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.iterdir()
    assert re.fullmatch(rf"{dumped.name}_\d{{8}}T\d{{6}}\.sql", path.name)
    assert done.stdout.split("\t")[0] == str(path)
    assert "To restore: mysql" in done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sql(dumped.url, "DROP TABLE people", "DROP TABLE log", "DROP PROCEDURE p", "DROP EVENT e")
    assert contents(restored(dumped, path)) == before


def test_dump_that_makes_the_database_anew(dumped: Dumped, tmp_path: Path) -> None:
    before = contents(dumped.url)
    option = "--with_drop_create_database"
    done = backup(
        *(dumped.name, *dumped.log_in, option, "--output_dir", tmp_path, "-v"),
        CAMCOPS_BACKUP_PASSWORD=PASSWORD,
    )
    assert done.returncode == 0, done.stderr
    assert "--single-transaction --quick --routines --triggers --events" in done.stderr
    (path,) = tmp_path.iterdir()
    assert path.name.endswith("_with_drop_create_database.sql")
    sql(dumped.url, "CREATE TABLE later (x INT)")
    assert contents(restored(dumped, path)) == before
    with pytest.raises(sa.exc.ProgrammingError):
        sql(dumped.url, "SELECT * FROM later")


@pytest.mark.xdist_group("processes_seen")  # each looks at all processes of the machine
@pytest.mark.parametrize("way", ["stdin", "file", "environment", "option_file", "config", "option"])
def test_password_is_seen_by_nobody(dumped: Dumped, tmp_path: Path, way: str) -> None:
    args: tuple[object, ...] = (*dumped.log_in, dumped.name)
    more: dict[str, str] = {}
    file = tmp_path / "secret"
    match way:
        case "stdin":
            args, more["stdin"] = (*args, "--password_stdin"), PASSWORD + "\n"
        case "file":
            file.write_text(PASSWORD)
            args = (*args, "--password_file", file)
        case "environment":
            more["CAMCOPS_BACKUP_PASSWORD"] = PASSWORD
        case "option":
            args = (*args, "--password", PASSWORD)
        case "option_file":
            quoted = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
            file.write_text(f'[client]\nuser={USER}\nsocket={dumped.socket}\npassword="{quoted}"\n')
            file.chmod(0o600)
            args = (dumped.name, "--option_file", file)
        case "config":
            args = ("--config", write_config(tmp_path, dumped.user_url, 8000))
    out = tmp_path / "out"
    out.mkdir()
    done = backup(*args, "--output_dir", out, "--mysqldump", spying(tmp_path), **more)
    assert done.returncode == 0, done.stderr
    assert len(list(out.glob(f"{dumped.name}_*.sql"))) == 1
    processes = (tmp_path / "processes").read_text()
    assert "camcops.cli.mysql_backup" in processes
    assert PASSWORD not in processes + done.stdout + done.stderr
    mode, option_file = (tmp_path / "option_file").read_text().split()
    assert mode == "600"
    assert "user" in (tmp_path / "option_content").read_text()
    assert Path(option_file).exists() is (way == "option_file")


def test_all_are_tried_and_nothing_stays_of_those_that_fail(dumped: Dumped, tmp_path: Path) -> None:
    done = backup(
        *("absent", dumped.name, "mysql", *dumped.log_in, "--output_dir", tmp_path),
        CAMCOPS_BACKUP_PASSWORD=PASSWORD,
    )
    assert done.returncode == 1
    assert [path.name.startswith(dumped.name) for path in tmp_path.iterdir()] == [True]
    assert "Of 3 databases, 2 were not dumped" in done.stderr
    assert "absent: It was not dumped: mysqldump ended with exit status" in done.stderr
    wrong = backup(
        dumped.name, *dumped.log_in, "--output_dir", tmp_path, CAMCOPS_BACKUP_PASSWORD="wrong"
    )
    assert wrong.returncode == 1
    assert "Access denied" in wrong.stderr
    assert len(list(tmp_path.iterdir())) == 1


def fake(folder: Path, does: str) -> Path:
    script = folder / "fake_mysqldump"
    script.write_text(f"#!/bin/sh\n{does}\n")
    script.chmod(0o755)
    return script


@pytest.mark.parametrize(
    ("does", "says"),
    [
        ("echo 'CREATE TABLE'", "lacks its last line"),
        ("echo '-- Dump completed'; echo 'more'", "lacks its last line"),
        ("", "lacks its last line"),
        ("echo '-- Dump completed'; echo 'Got error: 42' >&2; exit 2", "status 2: Got error: 42"),
        ("kill -9 $$", "was ended by signal 9"),
    ],
)
def test_dump_program_that_fails(tmp_path: Path, does: str, says: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    kept = out / "x_20260101T000000.sql"
    kept.write_text("old")
    options = ("--output_dir", out, "--mysqldump", fake(tmp_path, does))
    done = backup("x", *options, CAMCOPS_BACKUP_PASSWORD="x")
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert list(out.iterdir()) == [kept]


def test_full_disk_keeps_the_old_dump(dumped: Dumped) -> None:
    require_small_disks()
    with folder_of_its_own(1) as disk:
        old = disk / f"{dumped.name}_20260101T000000.sql"
        old.write_bytes(bytes(900_000))
        options = (dumped.name, *dumped.log_in, "--output_dir", disk)
        done = backup(*options, CAMCOPS_BACKUP_PASSWORD=PASSWORD)
        assert done.returncode == 1
        assert "was not dumped" in done.stderr
        assert list(disk.iterdir()) == [old]
        assert old.stat().st_size == 900_000


def test_file_that_may_not_grow_keeps_the_old_dump(dumped: Dumped, tmp_path: Path) -> None:
    old = tmp_path / f"{dumped.name}_20260101T000000.sql"
    old.write_text("old")
    args = (dumped.name, *dumped.log_in, "--output_dir", str(tmp_path))
    done = subprocess.run(
        [
            "sh",
            "-c",
            'ulimit -f 16; exec "$0" -m camcops.cli.mysql_backup "$@"',
            sys.executable,
            *args,
        ],
        capture_output=True,
        text=True,
        env=os.environ | {"CAMCOPS_BACKUP_PASSWORD": PASSWORD},
    )
    assert done.returncode == 1
    assert "was not dumped" in done.stderr
    assert list(tmp_path.iterdir()) == [old]


def test_asked_to_end_it_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    sleeping = fake(tmp_path, f"echo $$ >{tmp_path}/pid; exec sleep 60")
    command = [sys.executable, "-m", "camcops.cli.mysql_backup", "x", "--output_dir", str(out)]
    with subprocess.Popen(
        [*command, "--mysqldump", str(sleeping)],
        stderr=subprocess.DEVNULL,
        env=os.environ | {"CAMCOPS_BACKUP_PASSWORD": "x"},
    ) as process:
        pid = tmp_path / "pid"
        while not pid.exists() or not pid.read_text().endswith("\n"):
            assert process.poll() is None
            time.sleep(0.02)
        process.terminate()
        assert process.wait(30) == 1
    assert list(out.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_wrong_calls_and_what_is_missing(tmp_path: Path) -> None:
    nobody = {"CAMCOPS_BACKUP_PASSWORD": "x"}
    assert backup("--output_dir", tmp_path, **nobody).returncode == 2
    assert backup("--", "--all-databases", **nobody).returncode == 2
    absent = backup("x", "--mysqldump", "no_such_dump", "--output_dir", tmp_path, **nobody)
    assert absent.returncode == 1
    assert "There is no program no_such_dump here" in absent.stderr
    folder = backup("x", "--output_dir", tmp_path / "absent", **nobody)
    assert (folder.returncode, "There is no folder" in folder.stderr) == (1, True)
    silent = backup("x", "--output_dir", tmp_path)
    assert silent.returncode == 1
    assert "ended before it was done" in silent.stderr
    config = write_config(tmp_path, sa.make_url(f"sqlite:///{tmp_path}/x.sqlite"), 8000)
    other = backup("--config", config, "--output_dir", tmp_path)
    assert (other.returncode, "camcops_server backup" in other.stderr) == (1, True)
    open_file = tmp_path / "options"
    open_file.write_text("[client]\npassword=x\n")
    open_file.chmod(0o644)
    refused = backup("x", "--option_file", open_file, "--output_dir", tmp_path)
    assert (refused.returncode, "chmod 600" in refused.stderr) == (1, True)
    assert list(tmp_path.glob("*.sql")) == []
