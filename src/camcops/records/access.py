# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose records a user may see, as conditions on the index of tasks and on single groups.

A user sees the records of the groups they belong to and of those which these can see. Beyond that,
somebody who names no patient sees identifiable tasks only of groups that let them browse; anonymous
tasks always.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from camcops.accounts.groups import visible_group_ids
from camcops.accounts.permissions import EVERY, Every, Groups, Permission, groups_where
from camcops.accounts.users import User
from camcops.instruments.library import Library


@dataclass(frozen=True, slots=True)
class Reach:
    """`visible`: groups whose records the user may see; `browsable`: those of them without naming a
    patient.
    """

    visible: Groups
    browsable: Groups

    @property
    def sees_nothing(self) -> bool:
        return not self.visible


EVERYTHING = Reach(EVERY, EVERY)
"""The reach of the server itself, for exports and other work that acts for no user."""


def reach_of(conn: sa.Connection, user: User) -> Reach:
    """How far a user sees (one statement at most)."""
    visible: Groups = EVERY if user.superuser else visible_group_ids(conn, user)
    return Reach(visible, groups_where(user, Permission.VIEW_ALL_PATIENTS_WHEN_UNFILTERED))


def may_see_group(reach: Reach, group_id: int) -> bool:
    """May single records of this group be looked at?"""
    return group_id in reach.visible


def in_groups(column: sa.ColumnElement[int], groups: Groups) -> sa.ColumnElement[bool]:
    """The condition that a column with a group's number is one of these."""
    return sa.true() if isinstance(groups, Every) else column.in_(sorted(groups))


def is_restricted(reach: Reach, *, names_a_patient: bool) -> bool:
    """Are there visible groups of which only anonymous tasks are listed until a patient is named?"""
    if names_a_patient or isinstance(reach.browsable, Every):
        return False
    return isinstance(reach.visible, Every) or not reach.visible <= reach.browsable


def anonymous_tables(library: Library) -> list[str]:
    """Tables of the instruments that know no patient."""
    return sorted(table for table, instrument in library.items() if instrument.is_anonymous)
