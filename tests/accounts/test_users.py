# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, groups and memberships in the database."""

import pytest
import sqlalchemy as sa

from camcops.accounts.groups import create_group, let_see, load_groups, visible_group_ids
from camcops.accounts.passwords import Verdict, verify_password
from camcops.accounts.permissions import Permission
from camcops.accounts.users import (
    add_membership,
    create_user,
    find_user,
    grant_superuser,
    load_user,
    set_password,
    stored_password,
)
from camcops.db.database import Database
from camcops.db.schema import memberships
from camcops.problems import (
    GROUP_NAME_INVALID,
    GROUP_NAME_TAKEN,
    PASSWORD_SHORT,
    USER_NAME_INVALID,
    USER_NAME_RESERVED,
    USER_NAME_TAKEN,
    Kind,
    Problem,
)
from tests.statements import count_statements

PASSWORD = "pencil harbour sixteen"


def test_user_comes_back_with_memberships_in_two_statements(database: Database) -> None:
    def make(conn: sa.Connection) -> int:
        wards = [create_group(conn, name=name) for name in ("ward_b", "ward_a", "ward_c")]
        user_id = create_user(
            conn, username="ann", password=PASSWORD, fullname="Änn", upload_group_id=wards[0]
        )
        add_membership(conn, user_id, wards[0], {Permission.MAY_UPLOAD, Permission.MAY_RUN_REPORTS})
        add_membership(conn, user_id, wards[1])
        return user_id

    user_id = database.write(make)
    with count_statements(database) as seen:
        user = database.read(lambda conn: load_user(conn, user_id))
    assert len(seen) == 2
    assert user is not None
    assert (user.username, user.fullname, user.superuser) == ("ann", "Änn", False)
    assert [m.group_name for m in user.memberships] == ["ward_a", "ward_b"]
    assert user.memberships[1].flags == {Permission.MAY_UPLOAD, Permission.MAY_RUN_REPORTS}
    assert database.read(lambda conn: find_user(conn, "ann")) == user


def test_unknown_users_are_none(sqlite_database: Database) -> None:
    assert sqlite_database.read(lambda conn: load_user(conn, 999)) is None
    for name in ("nobody", "", "a\0b", "x" * 300):
        assert sqlite_database.read(lambda conn, name=name: find_user(conn, name)) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", USER_NAME_INVALID),
        ("we ird!", USER_NAME_INVALID),
        ("émile", USER_NAME_INVALID),
        ("x" * 192, USER_NAME_INVALID),
        ("ann\n", USER_NAME_INVALID),
        ("system", USER_NAME_RESERVED),
        ("System", USER_NAME_RESERVED),
        ("ANN", USER_NAME_TAKEN),
    ],
)
def test_names_that_new_users_may_not_have(database: Database, name: str, kind: Kind) -> None:
    database.write(lambda conn: create_user(conn, username="ann", password=PASSWORD))
    with pytest.raises(Problem) as caught:
        database.write(lambda conn: create_user(conn, username=name, password=PASSWORD))
    assert caught.value.kind is kind


def test_names_that_tablets_make_are_allowed(sqlite_database: Database) -> None:
    name = "user-{0f8fad5b-d9cb-469f-a165-70867728950e}-17"
    made = sqlite_database.write(
        lambda conn: create_user(conn, username=name, password=PASSWORD, auto_generated=True)
    )
    user = sqlite_database.read(lambda conn: load_user(conn, made))
    assert user is not None
    assert user.auto_generated


def test_password_is_changed_and_the_old_one_forgotten(database: Database) -> None:
    user_id = database.write(lambda conn: create_user(conn, username="ann", password=PASSWORD))
    database.write(
        lambda conn: set_password(conn, user_id, "another pass phrase", must_change=True)
    )
    stored = database.read(lambda conn: stored_password(conn, user_id))
    assert verify_password(stored, "another pass phrase") is Verdict.RIGHT
    assert verify_password(stored, PASSWORD) is Verdict.WRONG
    user = database.read(lambda conn: load_user(conn, user_id))
    assert user is not None
    assert user.must_change_password


def test_bad_password_changes_nothing(sqlite_database: Database) -> None:
    user_id = sqlite_database.write(
        lambda conn: create_user(conn, username="ann", password=PASSWORD)
    )
    with pytest.raises(Problem) as caught:
        sqlite_database.write(lambda conn: set_password(conn, user_id, "short"))
    assert caught.value.kind is PASSWORD_SHORT
    stored = sqlite_database.read(lambda conn: stored_password(conn, user_id))
    assert verify_password(stored, PASSWORD) is Verdict.RIGHT


def test_membership_is_one_row_however_often_it_is_given(database: Database) -> None:
    def make(conn: sa.Connection) -> int:
        user_id = create_user(conn, username="ann", password=PASSWORD)
        ward = create_group(conn, name="ward")
        add_membership(conn, user_id, ward, {Permission.MAY_UPLOAD})
        add_membership(conn, user_id, ward, {Permission.MAY_ADD_NOTES})
        add_membership(conn, user_id, ward, {Permission.MAY_ADD_NOTES})
        grant_superuser(conn, user_id)
        return user_id

    user_id = database.write(make)
    user = database.read(lambda conn: load_user(conn, user_id))
    assert user is not None
    assert user.superuser
    assert [m.flags for m in user.memberships] == [{Permission.MAY_ADD_NOTES}]
    count = sa.select(sa.func.count()).select_from(memberships)
    assert database.read(lambda conn: conn.scalar(count)) == 1


def test_seeing_other_groups_is_directed_and_not_passed_on(database: Database) -> None:
    def make(conn: sa.Connection) -> tuple[list[int], int]:
        a, b, c = (create_group(conn, name=name) for name in "abc")
        let_see(conn, a, [b, a])
        let_see(conn, b, [c])
        user_id = create_user(conn, username="ann", password=PASSWORD)
        add_membership(conn, user_id, a)
        return [a, b, c], user_id

    (a, b, c), user_id = database.write(make)
    user = database.read(lambda conn: load_user(conn, user_id))
    assert user is not None
    assert database.read(lambda conn: visible_group_ids(conn, user)) == {a, b}
    database.write(lambda conn: grant_superuser(conn, user_id))
    boss = database.read(lambda conn: load_user(conn, user_id))
    assert boss is not None
    assert database.read(lambda conn: visible_group_ids(conn, boss)) == {a, b, c}
    assert list(database.read(load_groups)) == [a, b, c]


def test_user_without_groups_sees_none(sqlite_database: Database) -> None:
    user_id = sqlite_database.write(
        lambda conn: create_user(conn, username="ann", password=PASSWORD)
    )
    user = sqlite_database.read(lambda conn: load_user(conn, user_id))
    assert user is not None
    assert sqlite_database.read(lambda conn: visible_group_ids(conn, user)) == frozenset()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("", GROUP_NAME_INVALID), ("my ward", GROUP_NAME_INVALID), ("WARD", GROUP_NAME_TAKEN)],
)
def test_group_names(sqlite_database: Database, name: str, kind: Kind) -> None:
    sqlite_database.write(lambda conn: create_group(conn, name="ward"))
    with pytest.raises(Problem) as caught:
        sqlite_database.write(lambda conn: create_group(conn, name=name))
    assert caught.value.kind is kind
