# SPDX-License-Identifier: GPL-3.0-or-later
"""The permissions a member can have in a group, declared once, and the rules derived from them.

Pages, menus and the documentation take names and sentences from `Permission`.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self, TypeAlias, final

if TYPE_CHECKING:
    from camcops.accounts.users import User

SYSTEM_USER: Final = "system"
"""The user that the program itself acts as; it can't log in and nobody may edit it."""


class Permission(StrEnum):
    """A flag of a membership: its value is the database's column, `sentence` says what it permits."""

    sentence: str

    def __new__(cls, column: str, sentence: str) -> Self:
        member = str.__new__(cls, column)
        member._value_ = column
        member.sentence = sentence
        return member

    GROUPADMIN = ("groupadmin", "May administer the group: its users, schedules and records.")
    MAY_UPLOAD = ("may_upload", "May upload from a tablet into the group.")
    MAY_REGISTER_DEVICES = ("may_register_devices", "May register tablets for the group.")
    MAY_USE_WEBVIEWER = ("may_use_webviewer", "May log in to this web site.")
    VIEW_ALL_PATIENTS_WHEN_UNFILTERED = (
        "view_all_patients_when_unfiltered",
        "May list the group's patients without naming one.",
    )
    MAY_DUMP_DATA = ("may_dump_data", "May download the group's data for research.")
    MAY_RUN_REPORTS = ("may_run_reports", "May run reports over the group's data.")
    MAY_ADD_NOTES = ("may_add_notes", "May add notes to the group's tasks.")
    MAY_MANAGE_PATIENTS = (
        "may_manage_patients",
        "May create patients on the server and plan their tasks.",
    )
    MAY_EMAIL_PATIENTS = ("may_email_patients", "May send e-mail to the group's patients.")


IMPLIED_BY_GROUPADMIN: Final = frozenset(
    {Permission.MAY_MANAGE_PATIENTS, Permission.MAY_EMAIL_PATIENTS}
)


@final
class Every:
    """Every group there is, now and later: what a superuser may reach."""

    def __contains__(self, group_id: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return "EVERY"


EVERY: Final = Every()

Groups: TypeAlias = frozenset[int] | Every
"""Numbers of groups, or `EVERY`; both know `in`, and are false if empty."""


def may(user: "User", permission: Permission, group_id: int | None) -> bool:
    """May the user do this in this group? A superuser may do all; without a group nobody may."""
    return group_id is not None and group_id in groups_where(user, permission)


def groups_where(user: "User", permission: Permission) -> Groups:
    """The groups in which the user may do this."""
    if user.superuser:
        return EVERY
    wanted = {permission}
    if permission in IMPLIED_BY_GROUPADMIN:
        wanted.add(Permission.GROUPADMIN)
    return frozenset(m.group_id for m in user.memberships if wanted & m.flags)


def may_anywhere(user: "User", permission: Permission) -> bool:
    """May the user do this in any group? Decides which menus and pages are open at all."""
    return bool(groups_where(user, permission))


def upload_group(user: "User", permission: Permission = Permission.MAY_UPLOAD) -> int | None:
    """The user's chosen upload group, if it still permits this; None otherwise.

    A superuser may upload into any group but must have chosen one too.
    """
    return user.upload_group_id if may(user, permission, user.upload_group_id) else None


def is_system(user: "User") -> bool:
    return user.username == SYSTEM_USER


def may_use_web(user: "User") -> bool:
    """May the user log in to the web site? One group that permits it is enough; accounts of
    patients may not.
    """
    return (
        not is_system(user)
        and not user.auto_generated
        and may_anywhere(user, Permission.MAY_USE_WEBVIEWER)
    )


def may_edit_user(editor: "User", other: "User") -> bool:
    """May the editor change the other's account?

    Nobody edits the program's own user. A superuser edits everybody else. A group administrator
    edits members of a group they administer, except superusers and other administrators.
    """
    if is_system(other):
        return False
    if editor.superuser:
        return True
    if other.superuser or may_anywhere(other, Permission.GROUPADMIN):
        return False
    administered = groups_where(editor, Permission.GROUPADMIN)
    return any(m.group_id in administered for m in other.memberships)


def only(groups: Groups, among: Iterable[int]) -> frozenset[int]:
    """Those of some groups that are permitted."""
    return frozenset(group for group in among if group in groups)
