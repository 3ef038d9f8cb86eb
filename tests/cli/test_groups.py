# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that make types of ID number, groups and users, as an administrator of a new server runs them."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from camcops.accounts.groups import find_group, uses_of
from camcops.accounts.passwords import Verdict, verify_password
from camcops.accounts.permissions import Permission
from camcops.accounts.users import User, find_user, stored_password
from camcops.cli.main import server
from camcops.cli.shell import run
from camcops.db.database import Database
from camcops.db.schema import audit
from camcops.records.idnums import definitions
from tests.running import free_port, write_config

PASSWORD = "pencil harbour sixteen"

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def camcops(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Runs a command on the database, with this input; gives its status and what it told the person."""
    config = write_config(tmp_path, sqlite_database.engine.url, free_port())
    monkeypatch.setenv("CAMCOPS_CONFIG_FILE", str(config))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def command(*args: str, input: str = "") -> tuple[int, str]:  # noqa: A002
        with CliRunner().isolation(input=input) as (_, err, _):
            status = run(server, ["--no_log", *args])
            return status, err.getvalue().decode()

    yield command
    root.handlers[:], root.level = handlers, level


def user(database: Database, name: str) -> User:
    found = database.read(lambda conn: find_user(conn, name))
    assert found is not None
    return found


def audited(database: Database) -> str:
    return "\n".join(database.read(lambda conn: conn.scalars(sa.select(audit.c.details)).all()))


def test_from_an_empty_server_to_a_tablet_s_user(camcops: Run, sqlite_database: Database) -> None:
    number = ("--description", "NHS number", "--short", "NHS", "--validation", "uk_nhs_number")
    assert camcops("make_idnum_type", "1", *number)[0] == 0
    policies = ("--upload_policy", "sex AND anyidnum", "--finalize_policy", "sex AND idnum1")
    assert camcops("make_group", "clinic", *policies, "--use", "clinical")[0] == 0
    rights = ("--group", "clinic", "--may", "upload, may_register_devices")
    status, _ = camcops("make_user", "tablet", *rights, "--password_stdin", input=f"{PASSWORD}\n")
    assert status == 0

    made = sqlite_database.read(definitions)[1]
    assert (made.short_description, made.validation_method) == ("NHS", "uk_nhs_number")
    group = sqlite_database.read(lambda conn: find_group(conn, "clinic"))
    assert group is not None
    assert group.finalize_policy == "sex AND idnum1"
    uses = sqlite_database.read(lambda conn: uses_of(conn, group.id))
    assert [name for name, used in uses.items() if used] == ["clinical"]
    tablet = user(sqlite_database, "tablet")
    assert tablet.upload_group_id == group.id
    assert tablet.memberships[0].flags == {
        Permission.MAY_UPLOAD,
        Permission.MAY_REGISTER_DEVICES,
    }
    stored = sqlite_database.read(lambda conn: stored_password(conn, tablet.id))
    assert stored is not None
    assert verify_password(stored, PASSWORD) is Verdict.RIGHT
    details = audited(sqlite_database)
    for said in (
        "ID number type 1 made",
        "Group clinic made",
        "User tablet created",
        "member of group clinic",
    ):
        assert said in details


def test_further_groups_and_other_rights(camcops: Run, sqlite_database: Database) -> None:
    for name in ("one", "two"):
        assert camcops("make_group", name)[0] == 0
    password = f"{PASSWORD}\n{PASSWORD}\n"
    args = ("--group", "one", "--may", "use_webviewer", "--must_change_password")
    assert camcops("make_user", "reader", *args, input=password)[0] == 0
    reader = user(sqlite_database, "reader")
    assert reader.must_change_password
    assert reader.upload_group_id is None

    assert camcops("add_to_group", "reader", "two", "--may", "upload")[0] == 0
    assert camcops("add_to_group", "reader", "one", "--may", "upload,groupadmin")[0] == 0
    reader = user(sqlite_database, "reader")
    flags = {each.group_name: each.flags for each in reader.memberships}
    assert flags["one"] == {Permission.MAY_UPLOAD, Permission.GROUPADMIN}
    two = sqlite_database.read(lambda conn: find_group(conn, "two"))
    assert two is not None
    assert reader.upload_group_id == two.id  # the first one stays


@pytest.mark.parametrize(
    ("args", "status", "says"),
    [
        (("make_group", "clinic", "--upload_policy", "sex AND"), 1, "can't be understood"),
        (("make_group", "clinic", "--upload_policy", "idnum7"), 1, "no type 7"),
        (("make_group", "a clinic"), 1, "can't be used"),
        (("make_idnum_type", "0", "--description", "x"), 2, "range"),
        (("make_idnum_type", "3", "--description", "x" * 256), 1, "longer than 255"),
        (("make_user", "a", "--group", "nowhere"), 1, "no group called 'nowhere'"),
        (("make_user", "a", "--group", "g", "--may", "fly"), 2, "'fly' is no right"),
        (("make_user", "we ird", "--group", "g"), 1, "can't be used"),
        (("add_to_group", "nobody", "g"), 1, "no user called 'nobody'"),
        (("add_to_group", "system", "g"), 1, "reserved"),
    ],
)
def test_what_is_refused(
    camcops: Run, sqlite_database: Database, args: tuple[str, ...], status: int, says: str
) -> None:
    assert camcops("make_group", "g")[0] == 0
    before = audited(sqlite_database)
    refused, said = camcops(*args, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert refused == status
    assert says in said
    assert audited(sqlite_database) == before


def test_names_and_numbers_stand_once(camcops: Run) -> None:
    for args in (("make_group", "g"), ("make_idnum_type", "1", "--description", "One")):
        assert camcops(*args)[0] == 0
        status, said = camcops(*args)
        assert status == 1
        assert "already" in said
