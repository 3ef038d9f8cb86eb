# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups: who owns records, and whose records a user may see."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from camcops.db.keys import new_key
from camcops.db.schema import group_can_see, groups, ip_use
from camcops.problems import GROUP_NAME_INVALID, GROUP_NAME_TAKEN, Problem

if TYPE_CHECKING:
    from camcops.accounts.users import User

NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,191}")
USES: Final = ("commercial", "clinical", "educational", "research")


@dataclass(frozen=True, slots=True)
class Group:
    """A group; the policies say which patient details are needed to upload and to finalize."""

    id: int
    name: str
    description: str
    upload_policy: str
    finalize_policy: str
    ip_use_id: int | None = None


_BY_ID = sa.select(groups).where(groups.c.id == sa.bindparam("wanted"))


def load_groups(conn: sa.Connection, ids: Iterable[int] | None = None) -> dict[int, Group]:
    """Groups by number, in the order of their names: all, or those numbered (one statement)."""
    query = sa.select(groups).order_by(groups.c.name)
    if ids is not None:
        query = query.where(groups.c.id.in_(list(ids)))
    return {row.id: _group(row) for row in conn.execute(query)}


def load_group(conn: sa.Connection, group_id: int) -> Group | None:
    row = conn.execute(_BY_ID, {"wanted": group_id}).first()
    return None if row is None else _group(row)


def find_group(conn: sa.Connection, name: str) -> Group | None:
    """A group by name; capital letters make no difference."""
    query = sa.select(groups).where(sa.func.lower(groups.c.name) == name.lower())
    row = conn.execute(query).first()
    return None if row is None else _group(row)


def uses_of(conn: sa.Connection, group_id: int) -> dict[str, bool]:
    """What a group uses instruments for (`commercial`, `clinical`, `educational`, `research`); nothing,
    if nobody has said.
    """
    columns = [ip_use.c[name] for name in USES]
    query = sa.select(*columns).join(groups, groups.c.ip_use_id == ip_use.c.id)
    row = conn.execute(query.where(groups.c.id == group_id)).first()
    return {name: bool(row and row[place]) for place, name in enumerate(USES)}


def visible_group_ids(conn: sa.Connection, user: "User") -> frozenset[int]:
    """The groups whose records the user may see (one statement).

    Those the user belongs to, and those which each of these can see; not further, and not back. A
    superuser sees all.
    """
    if user.superuser:
        return frozenset(conn.scalars(sa.select(groups.c.id)))
    own = frozenset(membership.group_id for membership in user.memberships)
    if not own:
        return own
    seen = sa.select(group_can_see.c.can_see_group_id).where(group_can_see.c.group_id.in_(own))
    return own.union(conn.scalars(seen))


def create_group(
    conn: sa.Connection,
    *,
    name: str,
    description: str = "",
    upload_policy: str = "",
    finalize_policy: str = "",
) -> int:
    """Make a group and return its number. Raises Problem if the name is not allowed or taken."""
    if not NAME.fullmatch(name):
        raise Problem(GROUP_NAME_INVALID, name=name)
    same = sa.select(groups.c.id).where(sa.func.lower(groups.c.name) == name.lower())
    if conn.scalar(same) is not None:
        raise Problem(GROUP_NAME_TAKEN, name=name)
    made = conn.execute(
        groups.insert().values(
            name=name,
            description=description,
            upload_policy=upload_policy,
            finalize_policy=finalize_policy,
        )
    )
    return new_key(made)


def set_uses(conn: sa.Connection, group_id: int, uses: Iterable[str]) -> None:
    """Say what a group uses instruments for (see `USES`), replacing what was said before."""
    values = {name: name in set(uses) for name in USES}
    known = conn.scalar(sa.select(groups.c.ip_use_id).where(groups.c.id == group_id))
    if known is not None:
        conn.execute(ip_use.update().where(ip_use.c.id == known).values(values))
        return
    made = new_key(conn.execute(ip_use.insert().values(values)))
    conn.execute(groups.update().where(groups.c.id == group_id).values(ip_use_id=made))


def let_see(conn: sa.Connection, group_id: int, can_see: Iterable[int]) -> None:
    """Say whose records the members of a group may see besides their own, replacing what was said
    before.
    """
    conn.execute(group_can_see.delete().where(group_can_see.c.group_id == group_id))
    links = [
        {"group_id": group_id, "can_see_group_id": other}
        for other in sorted(set(can_see) - {group_id})
    ]
    if links:
        conn.execute(group_can_see.insert(), links)


def _group(row: sa.Row[tuple[object, ...]]) -> Group:
    return Group(
        id=row.id,
        name=row.name,
        description=row.description or "",
        upload_policy=row.upload_policy or "",
        finalize_policy=row.finalize_policy or "",
        ip_use_id=row.ip_use_id,
    )
