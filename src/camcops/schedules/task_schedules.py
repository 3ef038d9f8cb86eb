# SPDX-License-Identifier: GPL-3.0-or-later
"""Task schedules: which tasks are to be done, and how many days after the start."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from camcops.accounts.groups import Group, uses_of
from camcops.db.keys import new_key
from camcops.db.schema import task_schedule_items, task_schedules
from camcops.instruments.library import Library
from camcops.problems import SCHEDULE_EXISTS, USE_NOT_PERMITTED, Problem
from camcops.schedules.durations import duration_text


@dataclass(frozen=True, slots=True)
class ScheduleItem:
    """A task to be done from one day on and before another, in days after the start."""

    table: str
    from_day: int
    before_day: int


def create_schedule(
    conn: sa.Connection, name: str, group: Group, items: Sequence[ScheduleItem], library: Library
) -> int:
    """Store a schedule; its number.

    Raises `Problem` if the group has one of that name, or does something with instruments that one of
    these forbids.
    """
    if find_schedule(conn, name, group.id) is not None:
        raise Problem(SCHEDULE_EXISTS, name=name, group=group.name)
    check_uses(conn, group, {item.table for item in items}, library)
    made = conn.execute(
        task_schedules.insert().values(
            group_id=group.id, name=name, email_subject="", email_template=""
        )
    )
    schedule_id = new_key(made)
    rows = [
        {
            "schedule_id": schedule_id,
            "task_table_name": item.table,
            "due_from": duration_text(item.from_day),
            "due_by": duration_text(item.before_day),
        }
        for item in items
    ]
    conn.execute(task_schedule_items.insert(), rows)
    return schedule_id


def find_schedule(conn: sa.Connection, name: str, group_id: int) -> int | None:
    """The number of a group's schedule by its exact name."""
    columns = task_schedules.c
    rows = conn.execute(
        sa.select(columns.id, columns.name).where(
            columns.group_id == group_id, columns.name == name
        )
    )
    return next((row.id for row in rows if row.name == name), None)


def check_uses(
    conn: sa.Connection, group: Group, tables: Collection[str], library: Library
) -> None:
    """Raise `Problem` for an instrument that forbids a use which the group makes, or may make."""
    forbidding = {
        table: [use for use, permitted in library[table].use.items() if not permitted]
        for table in sorted(tables)
    }
    if not any(forbidding.values()):
        return
    uses = uses_of(conn, group.id)
    for table, forbidden in forbidding.items():
        for use in forbidden:
            if group.ip_use_id is None or uses[use]:
                raise Problem(USE_NOT_PERMITTED, table=table, use=use, group=group.name)
