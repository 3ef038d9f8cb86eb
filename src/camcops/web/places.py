# SPDX-License-Identifier: GPL-3.0-or-later
"""The main places of the site, declared once: the bar shows those that this user may use."""

from collections.abc import Callable
from dataclasses import dataclass

from camcops.accounts.users import User


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the bar. `within` are the routes at which it is marked as the present place."""

    label: str
    route: str
    within: frozenset[str]
    allowed: Callable[[User], bool]


PLACES = (
    Place("Find", "home", frozenset({"home"}), lambda user: True),
    Place("Tasks", "tasks", frozenset({"tasks", "task"}), lambda user: True),
)


def places_for(user: User | None) -> tuple[Place, ...]:
    """None for a stranger, and none before a new password that must be set."""
    if user is None or user.must_change_password:
        return ()
    return tuple(place for place in PLACES if place.allowed(user))
