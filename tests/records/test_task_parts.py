# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that a list is put together from: each read along an index, together what may be listed."""

from itertools import product

import pytest
import sqlalchemy as sa

from camcops.accounts.permissions import EVERY, Groups
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import task_index
from camcops.instruments.library import Library
from camcops.records.access import Reach
from camcops.records.task_filters import TaskFilter
from camcops.records.task_parts import MOST_PARTS, parts

A, B, C = 101, 102, 103
TABLES = ("phq9", "bmi", "apeqpt")  # the last is anonymous
SEEN: dict[str, tuple[Groups, Groups]] = {
    "superuser": (EVERY, EVERY),
    "browses one": (frozenset({A}), frozenset({A})),
    "browses two": (frozenset({A, B}), frozenset({A, B})),
    "browses one of two": (frozenset({A, B}), frozenset({A})),
    "must name a patient": (frozenset({A, B}), frozenset()),
    "has no group": (frozenset(), frozenset()),
}
ASKED = {
    "anything": TaskFilter(),
    "women's": TaskFilter(sex="F"),
    "one instrument": TaskFilter(tables=frozenset({"phq9"})),
    "two instruments": TaskFilter(tables=frozenset({"bmi", "apeqpt"})),
    "one group": TaskFilter(group_ids=frozenset({B})),
    "groups and instruments": TaskFilter(
        group_ids=frozenset({A, C}), tables=frozenset({"apeqpt", "phq9"})
    ),
}


@pytest.fixture
def indexed(sqlite_database: Database) -> Database:
    """A task of each instrument in each group, without patients."""
    rows = [
        {
            "indexed_at_utc": utc_now(),
            "task_table_name": table,
            "task_pk": group,
            "device_id": 1,
            "era": "NOW",
            "when_created_utc": utc_now(),
            "when_created_iso": "2026-05-01T10:00:00.000000+01:00",
            "when_added_batch_utc": utc_now(),
            "group_id": group,
            "task_is_complete": True,
        }
        for table, group in product(TABLES, (A, B, C))
    ]
    with sqlite_database.engine.begin() as conn:
        conn.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        conn.exec_driver_sql(
            f"INSERT INTO _security_groups (id, name) VALUES ({A}, 'a'), ({B}, 'b'), ({C}, 'c')"
        )
        conn.execute(task_index.insert(), rows)
    return sqlite_database


def listed(database: Database, reach: Reach, asked: TaskFilter) -> list[tuple[str, int]]:
    """What all parts hold, a task that is in two of them twice."""
    found: list[tuple[str, int]] = []
    with database.engine.connect() as conn:
        for part in parts(reach, database.library, asked):
            query = sa.select(task_index.c.task_table_name, task_index.c.group_id).where(
                part.condition
            )
            found += [(table, group) for table, group in conn.execute(query)]
    return sorted(found)


@pytest.mark.parametrize("what", ASKED)
@pytest.mark.parametrize("who", SEEN)
def test_each_task_that_may_be_listed_is_in_one_part(
    indexed: Database, who: str, what: str
) -> None:
    asked = ASKED[what]
    if asked.sex:  # there is no patient; nor is anything anonymous asked for
        assert listed(indexed, Reach(*SEEN[who]), asked) == []
        return
    visible, browsable = SEEN[who]
    expected = [
        (table, group)
        for table, group in product(TABLES, (A, B, C))
        if group in visible
        and (table == "apeqpt" or group in browsable)
        and (not asked.tables or table in asked.tables)
        and (not asked.group_ids or group in asked.group_ids)
    ]
    assert listed(indexed, Reach(visible, browsable), asked) == sorted(expected)


@pytest.mark.parametrize("what", [name for name, asked in ASKED.items() if not asked.sex])
@pytest.mark.parametrize("who", SEEN)
def test_an_index_gives_each_part_in_order(indexed: Database, who: str, what: str) -> None:
    columns = task_index.c
    order = columns.when_created_utc.desc(), columns.index_entry_pk.desc()
    with indexed.engine.connect() as conn:
        for part in parts(Reach(*SEEN[who]), indexed.library, ASKED[what]):
            query = sa.select(task_index).where(part.condition).order_by(*order).limit(25)
            text = str(query.compile(conn, compile_kwargs={"literal_binds": True}))
            plan = str(conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all())
            assert "INDEX ix__task_index" in plan
            assert "TEMP B-TREE" not in plan


def test_very_many_parts_become_one(library: Library) -> None:
    groups = frozenset(range(1, MOST_PARTS + 2))
    [part] = parts(Reach(groups, groups), library, TaskFilter())
    assert str(part.condition).count("group_id =") == len(groups)
