# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands about users, as an administrator runs them."""

import logging
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from camcops.accounts.passwords import Verdict, verify_password
from camcops.accounts.users import User, find_user, stored_password
from camcops.audit import AuditTrail, verify_row
from camcops.audit import Verdict as Genuine
from camcops.cli.main import server
from camcops.cli.shell import run
from camcops.config import load
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import account_lockouts, audit, login_failures
from camcops.site import audit_key
from tests.running import free_port, write_config

PASSWORD = "pencil harbour sixteen"
OTHER = "another pass phrase"


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def config(sqlite_database: Database, tmp_path: Path) -> Path:
    return write_config(tmp_path, sqlite_database.engine.url, free_port())


@pytest.fixture
def camcops(config: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command on the database, with this input."""
    monkeypatch.setenv("CAMCOPS_CONFIG_FILE", str(config))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def command(*args: str, input: str = "") -> Outcome:  # noqa: A002
        with CliRunner().isolation(input=input) as (out, err, _):
            status = run(server, ["--no_log", *args])
            return Outcome(status, out.getvalue().decode(), err.getvalue().decode())

    yield command
    root.handlers[:] = handlers
    root.setLevel(level)


def user_named(database: Database, name: str) -> User:
    user = database.read(lambda conn: find_user(conn, name))
    assert user is not None
    return user


def verdict(database: Database, name: str, password: str) -> Verdict:
    user = user_named(database, name)
    return verify_password(database.read(lambda conn: stored_password(conn, user.id)), password)


def trail(database: Database) -> list[str]:
    query = sa.select(audit.c.details).where(audit.c.source == "console").order_by(audit.c.id)
    return database.read(lambda conn: list(conn.scalars(query)))


def lock(database: Database, name: str) -> None:
    def work(conn: sa.Connection) -> None:
        conn.execute(account_lockouts.insert().values(username=name, locked_until=utc_now()))
        conn.execute(login_failures.insert().values(username=name, login_failure_at=utc_now()))

    database.write(work)


def locks(database: Database) -> int:
    counts = [sa.select(sa.func.count()).select_from(t) for t in (account_lockouts, login_failures)]
    return database.read(lambda conn: sum(conn.scalar(count) or 0 for count in counts))


def test_superuser_is_made_with_both_options(
    sqlite_database: Database, camcops: Run, config: Path
) -> None:
    done = camcops("make_superuser", "--username", "boss", "--password", PASSWORD)
    assert (done.status, done.out) == (0, "")
    assert "boss" in done.err
    assert PASSWORD not in done.err
    user = user_named(sqlite_database, "boss")
    assert user.superuser
    assert user.language == "en_GB"
    assert verdict(sqlite_database, "boss", PASSWORD) is Verdict.RIGHT
    assert trail(sqlite_database) == ["Superuser boss created"]
    key = audit_key(load(config).site)
    row = sqlite_database.read(lambda conn: conn.execute(sa.select(audit)).mappings().one())
    assert verify_row(row, {AuditTrail(key).key_id: key}) is Genuine.GENUINE


def test_superuser_is_made_by_answering(sqlite_database: Database, camcops: Run) -> None:
    answers = ["we ird!", "system", "boss", "short", "short", PASSWORD, OTHER, PASSWORD, PASSWORD]
    done = camcops("make_superuser", input="\n".join([*answers, ""]))
    assert done.status == 0, done.err
    assert "reserved" in done.err
    assert "shorter than 10" in done.err
    assert verdict(sqlite_database, "boss", PASSWORD) is Verdict.RIGHT


def test_password_from_standard_input_file_or_environment(
    sqlite_database: Database, camcops: Run, tmp_path: Path
) -> None:
    args = ("make_superuser", "--username")
    assert camcops(*args, "ann", "--password_stdin", input=PASSWORD + "\r\n").status == 0
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\nsecond line\n")
    assert camcops(*args, "bob", "--password_file", str(file)).status == 0
    for name in ("ann", "bob"):
        assert verdict(sqlite_database, name, PASSWORD) is Verdict.RIGHT
    os.environ["CAMCOPS_NEW_PASSWORD"] = OTHER
    try:
        assert camcops("make_superuser", "--username", "dan").status == 0
        assert camcops("reset_password", "--username", "ann").status == 0
        assert camcops(*args, "bob").status == 1
    finally:
        del os.environ["CAMCOPS_NEW_PASSWORD"]
    for name in ("ann", "dan"):
        assert verdict(sqlite_database, name, OTHER) is Verdict.RIGHT
    assert verdict(sqlite_database, "bob", PASSWORD) is Verdict.RIGHT
    both = camcops(*args, "cat", "--password", PASSWORD, "--password_stdin", input=PASSWORD)
    assert both.status == 2


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("boss", "short", "shorter than 10"),
        ("boss", "", "blank"),
        ("boss", "qwertyuiop", "leaked"),
        ("we ird!", PASSWORD, "can't be used"),
        ("system", PASSWORD, "reserved"),
    ],
)
def test_bad_names_and_passwords_make_nobody(
    sqlite_database: Database, camcops: Run, name: str, password: str, says: str
) -> None:
    done = camcops("make_superuser", "--username", name, "--password", password)
    assert done.status == 1
    assert says in done.err
    assert sqlite_database.read(lambda conn: find_user(conn, "boss")) is None
    assert trail(sqlite_database) == []


def test_known_user_is_promoted_and_keeps_the_password(
    sqlite_database: Database, camcops: Run
) -> None:
    camcops("make_superuser", "--username", "ann", "--password", PASSWORD)
    refused = camcops("make_superuser", "--username", "ann", "--password", OTHER)
    assert refused.status == 1
    assert "reset_password" in refused.err
    assert camcops("make_superuser", "--username", "ann").status == 0
    assert verdict(sqlite_database, "ann", PASSWORD) is Verdict.RIGHT
    assert trail(sqlite_database)[-1] == "User ann made superuser"


def test_password_is_reset_and_the_user_unlocked(sqlite_database: Database, camcops: Run) -> None:
    camcops("make_superuser", "--username", "ann", "--password", PASSWORD)
    lock(sqlite_database, "ann")
    done = camcops("reset_password", input=f"nobody\nann\n{OTHER}\n{OTHER}\n")
    assert done.status == 0, done.err
    assert "no user called 'nobody'" in done.err
    assert verdict(sqlite_database, "ann", OTHER) is Verdict.RIGHT
    assert locks(sqlite_database) == 0
    assert trail(sqlite_database)[-1] == "Password changed for user ann"


def test_user_is_enabled(sqlite_database: Database, camcops: Run) -> None:
    camcops("make_superuser", "--username", "ann", "--password", PASSWORD)
    lock(sqlite_database, "ann")
    assert camcops("enable_user", "--username", "ann").status == 0
    assert locks(sqlite_database) == 0
    assert trail(sqlite_database)[-1] == "Account ann unlocked"


@pytest.mark.parametrize("command", ["reset_password", "enable_user"])
@pytest.mark.parametrize("name", ["nobody", "system"])
def test_users_who_can_not_be_changed(camcops: Run, command: str, name: str) -> None:
    done = camcops(command, "--username", name)
    assert done.status == 1
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("command", ["make_superuser", "reset_password", "enable_user"])
def test_end_of_input_ends_the_command(camcops: Run, command: str) -> None:
    done = camcops(command)
    assert done.status == 1
    assert "Traceback" not in done.err


def test_password_typed_at_a_terminal_does_not_show(
    sqlite_database: Database, config: Path
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "camcops", "--no_log", "make_superuser"]
    with subprocess.Popen(
        [*command, "--config", str(config), "--username", "ann"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        seen = ""
        for prompt in (1, 2):
            while seen.count(":") < prompt:
                seen += os.read(ours, 1000).decode()
            os.write(ours, PASSWORD.encode() + b"\n")
        while "superuser" not in seen:
            seen += os.read(ours, 1000).decode()
        assert process.wait(timeout=30) == 0
    os.close(ours)
    assert PASSWORD not in seen
    assert verdict(sqlite_database, "ann", PASSWORD) is Verdict.RIGHT
