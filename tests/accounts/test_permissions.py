# SPDX-License-Identifier: GPL-3.0-or-later
"""What the flags of memberships permit."""

import pytest

from camcops.accounts.permissions import (
    EVERY,
    Permission,
    groups_where,
    may,
    may_anywhere,
    may_edit_user,
    may_use_web,
    only,
    upload_group,
)
from camcops.db.schema import memberships
from tests.accounts.people import user

P = Permission


def test_every_permission_is_a_column_and_has_a_sentence() -> None:
    for permission in Permission:
        assert permission.value in memberships.c
        assert permission.sentence.endswith(".")
    flags = {c.name for c in memberships.c} - {"id", "user_id", "group_id"}
    assert flags == {permission.value for permission in Permission}


def test_a_flag_counts_in_its_own_group_only() -> None:
    ann = user(g1=(P.MAY_ADD_NOTES,), g2=())
    assert may(ann, P.MAY_ADD_NOTES, 1)
    assert not may(ann, P.MAY_ADD_NOTES, 2)
    assert not may(ann, P.MAY_ADD_NOTES, 3)
    assert not may(ann, P.MAY_ADD_NOTES, None)
    assert groups_where(ann, P.MAY_ADD_NOTES) == {1}


@pytest.mark.parametrize("permission", list(Permission))
def test_superuser_may_do_all_everywhere(permission: Permission) -> None:
    boss = user("boss", superuser=True)
    assert may(boss, permission, 77)
    assert groups_where(boss, permission) is EVERY
    assert not may(boss, permission, None)


@pytest.mark.parametrize("permission", list(Permission))
def test_group_administrators_may_manage_and_email_patients_and_nothing_else(
    permission: Permission,
) -> None:
    admin = user(g1=(P.GROUPADMIN,), g2=())
    implied = {P.GROUPADMIN, P.MAY_MANAGE_PATIENTS, P.MAY_EMAIL_PATIENTS}
    assert may(admin, permission, 1) is (permission in implied)
    assert not may(admin, permission, 2)


def test_upload_needs_a_chosen_group_that_permits_it() -> None:
    flags = (P.MAY_UPLOAD,)
    assert upload_group(user(g1=flags)) is None
    assert upload_group(user(upload_group_id=1, g1=flags)) == 1
    assert upload_group(user(upload_group_id=1, g1=flags), P.MAY_REGISTER_DEVICES) is None
    assert upload_group(user(upload_group_id=2, g1=flags)) is None
    assert upload_group(user(superuser=True)) is None
    assert upload_group(user(superuser=True, upload_group_id=5)) == 5


def test_web_log_in_needs_the_flag_in_any_group() -> None:
    web = (P.MAY_USE_WEBVIEWER,)
    assert may_use_web(user(g1=(), g2=web))
    assert may_use_web(user(superuser=True))
    assert not may_use_web(user(g1=(P.GROUPADMIN,)))
    assert not may_use_web(user(auto_generated=True, g1=web))
    assert not may_use_web(user("system", superuser=True))
    assert not may_use_web(user())


def test_nobody_edits_the_programs_own_user() -> None:
    assert not may_edit_user(user("boss", superuser=True), user("system", superuser=True))


def test_superuser_edits_everybody_else() -> None:
    boss = user("boss", superuser=True)
    for other in (user("b2", superuser=True), user("admin", g1=(P.GROUPADMIN,)), user("lone")):
        assert may_edit_user(boss, other)


def test_group_administrator_edits_plain_members_of_the_own_group() -> None:
    admin = user("admin", g1=(P.GROUPADMIN,), g2=())
    assert may_edit_user(admin, user("member", g1=(), g3=()))
    assert not may_edit_user(admin, user("member", g2=()))
    assert not may_edit_user(admin, user("member", g1=(), g3=(P.GROUPADMIN,)))
    assert not may_edit_user(admin, user("member", superuser=True, g1=()))
    assert not may_edit_user(user("plain", g1=()), user("member", g1=()))


def test_only_keeps_permitted_groups() -> None:
    assert only(EVERY, [1, 2]) == {1, 2}
    assert only(frozenset({2}), [1, 2]) == {2}
    assert may_anywhere(user(g4=(P.MAY_DUMP_DATA,)), P.MAY_DUMP_DATA)
    assert not may_anywhere(user(), P.MAY_DUMP_DATA)
