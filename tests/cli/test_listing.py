# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that list what there is."""

import datetime as dt
import json
import os
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.accounts.groups import create_group
from camcops.accounts.permissions import Permission
from camcops.accounts.users import add_membership, create_user
from camcops.cli.main import server
from camcops.cli.shell import run
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import account_lockouts, server_settings, users
from camcops.instruments.library import Library
from tests.cli.test_shell import camcops
from tests.running import write_config
from tests.statements import count_statements

PASSWORD = "pencil harbour sixteen"
LOGIN = dt.datetime.fromisoformat("2026-04-05T06:07:08")


def furnish(conn: sa.Connection) -> None:
    clinic, research = (create_group(conn, name=name) for name in ("clinic", "research"))
    ann = create_user(conn, username="ann", password=PASSWORD, fullname="Ann\tÜnal")
    create_user(conn, username="boss", password=PASSWORD, superuser=True)
    bob = create_user(conn, username="bob", password=PASSWORD, must_change_password=True)
    add_membership(conn, ann, clinic, [Permission.GROUPADMIN])
    add_membership(conn, ann, research, [Permission.MAY_UPLOAD])
    add_membership(conn, bob, clinic)
    conn.execute(users.update().where(users.c.id == ann).values(last_login_at_utc=LOGIN))
    hour = dt.timedelta(hours=1)
    for name, until in (("bob", utc_now() + hour), ("ann", utc_now() - hour)):
        conn.execute(account_lockouts.insert().values(username=name, locked_until=until))


def test_users_are_listed(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database.write(furnish)
    config = str(write_config(tmp_path, database.engine.url, 8000))
    assert run(server, ["list_users", "--config", config]) == 0
    ann, bob, boss = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert ann == ["ann", "Ann Ünal", "clinic*, research", "2026-04-05 06:07", "-"]
    assert bob[:4] == ["bob", "-", "clinic", "never"]
    assert bob[4].startswith("must change the password, locked until 20")
    assert boss == ["boss", "-", "-", "never", "superuser"]

    assert run(server, ["list_users", "--config", config, "--json"]) == 0
    found = {user["username"]: user for user in json.loads(capsys.readouterr().out)}
    assert found["ann"]["administers"] == ["clinic"]
    assert found["ann"]["last_login_at_utc"] == "2026-04-05T06:07:08Z"
    assert found["ann"]["locked_until_utc"] is None
    assert found["boss"]["superuser"]


def test_the_number_of_users_costs_no_statements(sqlite_database: Database) -> None:
    from camcops.accounts.overview import list_users

    sqlite_database.write(furnish)
    with count_statements(sqlite_database) as seen:
        assert len(sqlite_database.read(list_users)) == 3
    assert len(seen) == 3


def test_title_is_all_that_reaches_standard_output(
    sqlite_database: Database, tmp_path: Path
) -> None:
    config = str(write_config(tmp_path, sqlite_database.engine.url, 8000))
    assert camcops("show_db_title", "--config", config).stdout == "DATABASE_TITLE_UNSET\n"
    title = server_settings.update().values(database_title="Ward 7 “Ünal”")
    sqlite_database.write(lambda conn: conn.execute(title))
    assert camcops("show_db_title", "--config", config).stdout == "Ward 7 “Ünal”\n"


def test_types_of_task_are_listed_without_a_configuration(library: Library) -> None:
    done = camcops("list_tasks")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == len(library)
    expected = [f"{one.title} ({one.short_name})" for _, one in sorted(library.items())]
    assert lines == expected


def test_sites_own_types_of_task_are_listed(tmp_path: Path) -> None:
    own = tmp_path / "own" / "mine"
    own.mkdir(parents=True)
    (own / "instrument.yaml").write_text(
        "table: mine\nshort_name: Mine\ntitle: My own\ndescription: Ours\nmenus: []\n"
        "wording: included\nrights: ours\nsource: ours\nskeleton: yes\nfields:\n"
        "  q1: {type: integer, identifying: no, about: how it is}\n"
    )
    nowhere = sa.make_url("sqlite:////nowhere/x.sqlite")
    config = write_config(tmp_path, nowhere, 8000, INSTRUMENT_DIRS=str(own.parent))
    assert "My own (Mine)\n" in camcops("list_tasks", "--config", str(config)).stdout


def test_documentation_is_shown_by_the_desktops_browser_or_only_named(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(seen)!r}, 'w').write(sys.argv[1])\n"
    )
    browser.chmod(0o755)
    plain = camcops("docs", DISPLAY="", WAYLAND_DISPLAY="", BROWSER=f"{browser} %s")
    place = Path(plain.stdout.strip())
    assert place.is_file()
    assert not seen.exists()
    assert camcops("docs", DISPLAY=":9", BROWSER=f"{browser} %s").returncode == 0
    assert seen.read_text() == place.as_uri()


def test_documentation_that_is_missing_is_said_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("camcops.cli.documentation.PLACES", (Path(os.devnull) / "none",))
    assert run(server, ["docs"]) == 1
    assert "--allhelp" in capsys.readouterr().err
