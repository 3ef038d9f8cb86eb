# SPDX-License-Identifier: GPL-3.0-or-later
"""Users as values, for rules that need no database."""

from camcops.accounts.permissions import Permission
from camcops.accounts.users import Membership, User


def user(
    name: str = "ann",
    *,
    superuser: bool = False,
    auto_generated: bool = False,
    upload_group_id: int | None = None,
    **groups: tuple[Permission, ...],
) -> User:
    """A user whose memberships are given as `g1=(…)`, `g2=(…)`: the number of the group, its flags."""
    return User(
        id=abs(hash(name)) % 1000 + 2,
        username=name,
        fullname="",
        email="",
        superuser=superuser,
        auto_generated=auto_generated,
        single_patient_pk=None,
        language=None,
        upload_group_id=upload_group_id,
        must_change_password=False,
        when_agreed_terms_of_use=None,
        last_login_at_utc=None,
        last_password_change_utc=None,
        mfa_method="no_mfa",
        memberships=tuple(
            Membership(int(group[1:]), f"group{group[1:]}", frozenset(flags))
            for group, flags in groups.items()
        ),
    )
