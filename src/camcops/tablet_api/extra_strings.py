# SPDX-License-Identifier: GPL-3.0-or-later
"""The wording that tablets fetch: all strings of all languages, except what their user may not have."""

from collections.abc import Collection, Mapping

from camcops.accounts.users import User
from camcops.instruments.strings import Strings
from camcops.tablet_api.replies import Reply, record_list

_FIELDS = ("task", "name", "language", "value")


class ExtraStrings:
    """Prepares the reply once for each set of families that are left out.

    `restricted`: by string family, the names of the groups whose members may have it.
    """

    def __init__(self, strings: Strings, restricted: Mapping[str, Collection[str]]) -> None:
        self._strings = strings
        self._restricted = restricted
        self._prepared: dict[frozenset[str], Reply] = {}

    def reply(self, user: User) -> Reply:
        """All strings for one user."""
        groups = {membership.group_name for membership in user.memberships}
        hidden = frozenset(
            family for family, allowed in self._restricted.items() if groups.isdisjoint(allowed)
        )
        if hidden not in self._prepared:
            # A record without family or name makes a tablet discard the whole list.
            rows = (
                row for row in self._strings.rows() if row[0] not in hidden and row[0] and row[1]
            )
            self._prepared[hidden] = record_list(_FIELDS, rows)
        return self._prepared[hidden]
