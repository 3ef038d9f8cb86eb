# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a user logs in from, so that others' wrong passwords lock only others out.

A place is a network address, or something that only one tablet or browser has. Where a user has logged in
before is familiar; each familiar place has failures and locks of its own, and all others share theirs.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from camcops.db.schema import login_places

NOTED_EACH: Final = dt.timedelta(days=1)
"""The last use of a familiar place is written at most so often."""

FORGOTTEN_AFTER: Final = dt.timedelta(days=180)
"""A place that was not used for so long is strange again."""


def places(remote_addr: str | None, client: str | None) -> list[str]:
    """The names (64 hex digits) of the places that a request comes from, the surest first.

    `client`: what only this tablet or browser has; None if that is not known.
    """
    found = [("client", client), ("address", remote_addr)]
    return [_name(kind, what) for kind, what in found if what]


def familiar(conn: sa.Connection, user_id: int, names: Sequence[str]) -> dict[str, dt.datetime]:
    """Those among places where the user has logged in before, with the last use (one statement)."""
    columns = login_places.c
    query = sa.select(columns.place, columns.last_used_utc).where(
        columns.user_id == user_id, columns.place.in_(names)
    )
    return {row.place: row.last_used_utc for row in conn.execute(query)}


def unnoted(
    names: Sequence[str], known: Mapping[str, dt.datetime], now: dt.datetime
) -> Sequence[str]:
    """The places whose use is to be written after a success."""
    return [name for name in names if name not in known or known[name] < now - NOTED_EACH]


def note(conn: sa.Connection, user_id: int, names: Sequence[str], now: dt.datetime) -> None:
    """Write that the user has logged in from these places."""
    columns = login_places.c
    for name in sorted(names):
        mine = (columns.user_id == user_id, columns.place == name)
        if conn.execute(login_places.update().where(*mine).values(last_used_utc=now)).rowcount:
            continue
        try:
            with conn.begin_nested():
                values = {"user_id": user_id, "place": name, "last_used_utc": now}
                conn.execute(login_places.insert().values(**values))
        except IntegrityError:
            continue  # another request of the same user has just written it


def forget_unused(conn: sa.Connection, now: dt.datetime) -> None:
    """Remove places that were not used for long."""
    conn.execute(login_places.delete().where(login_places.c.last_used_utc < now - FORGOTTEN_AFTER))


def _name(kind: str, what: str) -> str:
    return hashlib.sha256(f"{kind} {what}".encode()).hexdigest()
