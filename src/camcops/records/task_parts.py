# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks that may be listed and fit, in parts that an index gives in the order of lists.

For the newest tasks of one group, or of one instrument, a database reads just so many entries of an index.
For those of several groups or instruments at once it may read and sort all there are. So each is a part of
its own, and the newest are chosen among the newest of each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from camcops.accounts.permissions import Every, Groups, only
from camcops.db.schema import task_index
from camcops.instruments.library import Library
from camcops.records.access import Reach, anonymous_tables, in_groups
from camcops.records.task_filters import TaskFilter, conditions

MOST_PARTS: Final = 100
"""Beyond, they are left to the database as one."""


@dataclass(frozen=True, slots=True)
class Part:
    """A condition on `_task_index`, and whether it is about a single instrument."""

    condition: sa.ColumnElement[bool]
    of_instrument: bool = False


def parts(reach: Reach, library: Library, asked: TaskFilter) -> list[Part]:
    """A task that may be listed and fits is in one of these parts, others are in none."""
    rest = list(conditions(asked, library, reach.visible))
    found = [
        Part(sa.and_(part.condition, *rest), part.of_instrument)
        for part in _parts(reach, library, asked)
    ]
    if len(found) > MOST_PARTS:
        return [Part(sa.or_(*(part.condition for part in found)))]
    return found


def _parts(reach: Reach, library: Library, asked: TaskFilter) -> Iterator[Part]:
    table, group = task_index.c.task_table_name, task_index.c.group_id
    # Planners must not start with the group, whose tasks are far more than the patient's or instrument's.
    of_group = group + 0
    seen = _asked(reach.visible, asked)
    if asked.names_a_patient:
        if seen:
            allowed = in_groups(of_group, seen)
            named = table.in_(sorted(asked.tables)) if asked.tables else sa.true()
            yield Part(sa.and_(allowed, named))
        return
    browsed = _asked(reach.browsable, asked)
    anonymous = () if asked.is_about_patients else anonymous_tables(library)
    if asked.tables:
        for name in sorted(asked.tables):
            if groups := seen if name in anonymous else browsed:
                yield Part(sa.and_(table == name, in_groups(of_group, groups)), True)
    elif isinstance(browsed, Every):
        yield Part(sa.true())
    else:
        for number in sorted(browsed):
            yield Part(group == number)
        if others := seen if isinstance(seen, Every) else seen - browsed:
            apart = sa.and_(in_groups(of_group, others), of_group.not_in(sorted(browsed)))
            for name in anonymous:
                yield Part(sa.and_(table == name, apart), True)


def _asked(groups: Groups, asked: TaskFilter) -> Groups:
    """Those of some groups that are asked for."""
    return only(groups, asked.group_ids) if asked.group_ids else groups
