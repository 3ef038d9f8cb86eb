# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQL is run on a real MariaDB, and the accounts it makes may do just what they should."""

import secrets
import subprocess
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from tests.deployment.generated import needed, printed

Server = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def mariadb(database_server: Callable[[str], sa.URL]) -> Server:
    """Runs statements on the private server, by the real client, as `user`."""
    socket = str(database_server("mariadb").query["unix_socket"])
    client = needed("mariadb")

    def run(
        sql: str, user: str = "root", password: str = "", *more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [client, "--no-defaults", f"--socket={socket}", f"--user={user}", "-N", *more],
            input=sql,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={"MYSQL_PWD": password, "PATH": "/usr/bin:/bin"},
        )

    return run


@pytest.fixture
def name(mariadb: Server) -> Iterator[str]:
    """A name for a database and its accounts, which are gone afterwards."""
    made = f"t_{secrets.token_hex(4)}"
    yield made
    accounts = ", ".join(f"'{made}{end}'@'localhost'" for end in ("", "_r", "_b"))
    mariadb(f"DROP DATABASE IF EXISTS {made}; DROP USER IF EXISTS {accounts};")


def sql_for(name: str, *more: str) -> tuple[str, list[str]]:
    """The statements, and the passwords in them, in order of the accounts."""
    text = printed(
        *["demo_mysql_create_db", "--database", name, "--owner", name, "--reader", f"{name}_r"],
        *["--keeper", f"{name}_b", "--generate_passwords", *more],
    )
    return text, [part.split("'")[0] for part in text.split("IDENTIFIED BY '")[1:]]


def test_the_accounts_reach_their_own_database_alone(mariadb: Server, name: str) -> None:
    sql, (owner, reader, keeper) = sql_for(name)
    done = mariadb(sql)
    assert done.returncode == 0, done.stderr
    assert len({owner, reader, keeper}) == 3
    assert min(map(len, (owner, reader, keeper))) >= 32
    shown = mariadb("SHOW DATABASES;", name, owner).stdout.split()
    assert shown == ["information_schema", name]
    assert mariadb("SELECT 1 FROM mysql.user;", name, owner).returncode != 0
    assert mariadb("GRANT ALL ON *.* TO CURRENT_USER();", name, owner).returncode != 0
    made = mariadb(
        f"USE {name}; CREATE TABLE t (x TEXT, i INT, KEY (i)); ALTER TABLE t ADD y INT;"
        "INSERT INTO t VALUES ('Ünïcode 😀 字', 1, 2);",
        name,
        owner,
        "--default-character-set=utf8mb4",
    )
    assert made.returncode == 0, made.stderr
    refused = mariadb(f"INSERT INTO {name}.t VALUES ('', 1, 1);", f"{name}_r", reader)
    assert refused.returncode != 0
    assert "denied" in refused.stderr
    read = mariadb(
        f"SELECT x FROM {name}.t;", f"{name}_r", reader, "--default-character-set=utf8mb4"
    )
    assert read.stdout == "Ünïcode 😀 字\n"
    assert mariadb(f"DELETE FROM {name}.t;", f"{name}_b", keeper).returncode != 0
    assert mariadb(f"SELECT 1 FROM {name}.t;", f"{name}_b", keeper).returncode == 0


def test_the_database_takes_any_script(mariadb: Server, name: str) -> None:
    mariadb(sql_for(name)[0])
    found = mariadb(
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata "
        f"WHERE schema_name = '{name}';"
    )
    assert found.stdout.split() == ["utf8mb4", "utf8mb4_unicode_ci"]


def test_an_underscore_in_the_name_opens_no_other_database(mariadb: Server, name: str) -> None:
    """Within GRANT an underscore stands for any character, unless it is escaped."""
    sql, (owner, *_) = sql_for(name)
    mariadb(sql)
    other = name.replace("_", "x")
    mariadb(f"CREATE DATABASE {other};")
    try:
        assert other not in mariadb("SHOW DATABASES;", name, owner).stdout.split()
    finally:
        mariadb(f"DROP DATABASE {other};")


def test_an_account_that_exists_keeps_its_password(mariadb: Server, name: str) -> None:
    mariadb(f"CREATE USER '{name}'@'localhost' IDENTIFIED BY 'first';")
    done = mariadb(sql_for(name)[0])
    assert done.returncode != 0
    assert "CREATE USER" in done.stderr
    assert mariadb("SELECT 1;", name, "first").returncode == 0


def test_unfilled_it_has_the_manuals_placeholders_and_no_password_in_grant() -> None:
    text = printed("demo_mysql_create_db")
    for word in ("YYYYYY", "ZZZZZZ", "QQQQQQ", "PPPPPP"):
        assert f"'{word}_REPLACE_ME'" in text
    assert "CREATE DATABASE camcops CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;" in text
    grants = [line for line in text.splitlines() if line.startswith("GRANT")]
    assert len(grants) == 2
    assert not any("IDENTIFIED" in line for line in grants)
