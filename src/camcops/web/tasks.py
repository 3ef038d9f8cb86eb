# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of tasks."""

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from sqlalchemy import Connection

from camcops.accounts.groups import load_groups
from camcops.accounts.users import User
from camcops.records import idnums
from camcops.records.listing import PAGE_SIZE
from camcops.web.policy import site_of
from camcops.web.task_filters import asked_pairs, chips, read_filter
from camcops.web.task_rows import Listing, listing
from camcops.web.words import SEXES


def own_groups(conn: Connection, user: User) -> dict[int, str]:
    """The groups to choose among: those the user belongs to, or all for a superuser (one statement)."""
    if user.superuser:
        return {number: group.name for number, group in load_groups(conn).items()}
    return {one.group_id: one.group_name for one in user.memberships}


def tasks(request: Request) -> dict[str, Any]:
    """The tasks that fit the address, newest first, a page at a time."""
    library, user = site_of(request).library, request.reader
    pairs, asked = asked_pairs(request.GET), read_filter(request.GET, library)

    def work(conn: Connection) -> tuple[Any, dict[int, str], Listing]:
        found = listing(request, conn, asked, limit=PAGE_SIZE, turn=request.GET)
        return idnums.definitions(conn), own_groups(conn, user), found

    kinds, groups, found = site_of(request).database.read(work)
    return {
        "asked": asked,
        "query": request.GET,
        "pairs": pairs,
        "chips": chips(pairs, asked, library, kinds, groups),
        "kinds": kinds.values(),
        "groups": groups,
        "instruments": request.registry.instrument_choices,
        "sexes": SEXES,
        "found": found,
        "newer": found.newer
        and request.route_path("tasks", _query=[*pairs, ("newer", found.newer)]),
        "older": found.older
        and request.route_path("tasks", _query=[*pairs, ("older", found.older)]),
    }


def includeme(config: Configurator) -> None:
    library = config.registry.site.library
    config.registry.instrument_choices = sorted(
        ((table, one.short_name, one.title) for table, one in library.items()),
        key=lambda choice: choice[1].casefold(),
    )
    config.add_view(tasks, route_name="tasks", request_method="GET", renderer="tasks.html")
