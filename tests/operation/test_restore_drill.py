# SPDX-License-Identifier: GPL-3.0-or-later
"""The drill of docs/restore-drill.md: what was backed up here is served by another database server.

Everything is done by a database user who owns one database and has no other right (the founding manual's
advice), and by the programs that an administrator has.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from camcops.cli.main import server as program
from camcops.cli.shell import run
from camcops.db.database import Database, connect
from camcops.db.keeping.rows import kept_tables, sums
from camcops.db.schema import blobs
from camcops.demonstration.tablet import Tablet
from camcops.instruments.library import Library
from tests.database_servers import mariadb_server
from tests.database_servers import program as installed
from tests.db.test_access import lesser_user
from tests.initial_states import make_tablet_state
from tests.running import running_server, write_config
from tests.scratch_databases import scratch_database, text_of
from tests.tablet_api.contents import blob, everything

PICTURE = Random(7).randbytes(400_000)
SUPERUSER_PASSWORD = "harbour pencil sixteen"


@contextmanager
def owned_database(server: sa.URL) -> Iterator[sa.URL]:
    """An empty database, as the manual's SQL makes it, with its owner's log-in."""
    with scratch_database(server) as url, lesser_user(server, url, "ALL PRIVILEGES") as owner:
        yield owner


def camcops(config: Path, *args: str) -> None:
    """Run a command that must succeed."""
    assert run(program, [args[0], "--config", str(config), *args[1:]]) == 0, args


def upload(address: str, number: int) -> None:
    """A tablet that is known already sends a patient with tasks and a picture, and keeps nothing."""
    tablet = Tablet(f"{address}/database", "drill-tablet", "tablet", "tablet-pw-1")
    if number == 1:
        tablet.register("Tablet of the drill")
    picture = {**blob(), "theblob": PICTURE}
    tablet.upload(everything(blobs=[picture]), finish=True, one_step=bool(number % 2))


def checksums(database: Database) -> dict[str, str]:
    found = database.read(lambda conn: sums(conn, kept_tables(database)))
    return {name: total.as_text() for name, total in found.items()}


def prove(folder: Path, url: sa.URL, library: Library, expected: dict[str, str]) -> None:
    """What was restored is what was backed up, is found in order, and is served: a tablet goes on."""
    database = connect(text_of(url), library)
    assert checksums(database) == expected
    folder.mkdir(exist_ok=True)
    config = write_config(folder, url, 8000)
    for command in ("check_config --connect", "audit verify", "check_index", "status"):
        words = command.split()
        at = 2 if words[0] == "audit" else 1
        assert run(program, [*words[:at], "--config", str(config), *words[at:]]) == 0, command
    with running_server(folder, url) as server:
        upload(server.address, 2)
    pictures = database.read(lambda conn: conn.scalars(sa.select(blobs.c.theblob)).all())
    assert pictures == [PICTURE, PICTURE]
    database.engine.dispose()


def dump(config: Path, folder: Path) -> Path:
    words = [sys.executable, "-m", "camcops.cli.mysql_backup", "--config", str(config)]
    done = subprocess.run(
        [*words, "--output_dir", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.split("\t")[0])


def give_to_client(dumped: Path, url: sa.URL) -> None:
    """`mariadb DATABASE < FILE`, as the owner."""
    words = [installed("mariadb"), "--no-defaults", f"--socket={url.query['unix_socket']}"]
    password = {"MYSQL_PWD": str(url.password)}
    with dumped.open("rb") as file:
        done = subprocess.run(
            [*words, f"--user={url.username}", str(url.database)],
            stdin=file,
            capture_output=True,
            text=True,
            env=password,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_what_was_lost_here_is_served_there(
    database_server: Callable[[str], sa.URL],
    library: Library,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CAMCOPS_NEW_PASSWORD", SUPERUSER_PASSWORD)
    backup = tmp_path / "drill.backup"
    with owned_database(database_server("mariadb")) as url:
        config = write_config(tmp_path, url, 8000)
        camcops(config, "upgrade_db")
        database = connect(text_of(url), library)
        make_tablet_state(database)
        camcops(config, "make_superuser", "--username", "boss")
        with running_server(tmp_path, url) as server:
            upload(server.address, 1)
        for command in ("reset_password --username boss", "enable_user --username boss"):
            camcops(config, *command.split())
        for command in ("list_users", "show_db_title", "housekeeping", "rescore", "reindex"):
            camcops(config, command)
        camcops(config, "upgrade_db")
        assert run(program, ["audit", "seal", "--config", str(config)]) == 0
        expected = checksums(database)
        camcops(config, "backup", "--to", str(backup))
        dumped = dump(config, tmp_path)
        assert checksums(database) == expected
        database.engine.dispose()
    # The first server's database is gone now.
    assert run(program, ["verify", str(backup)]) == 0
    with ExitStack() as stack:
        other = stack.enter_context(mariadb_server())
        with owned_database(other) as url:
            config = write_config(tmp_path, url, 8000)
            camcops(config, "upgrade_db")
            camcops(config, "restore", "--from", str(backup))
            prove(tmp_path / "restored", url, library, expected)
        with owned_database(other) as url:
            give_to_client(dumped, url)
            prove(tmp_path / "dumped", url, library, expected)
