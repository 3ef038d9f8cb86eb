# SPDX-License-Identifier: GPL-3.0-or-later
"""Making the indexes and stored scores anew from the records themselves.

All of it is derived data, so this loses nothing. Tasks are read in portions, so that memory stays bounded.
"""

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import devices, task_index, task_scores
from camcops.records import idnum_index, live_tables, scoring
from camcops.records import task_index as indexing
from camcops.records.portions import Portion, judge_portion, portions
from camcops.records.scoring import Judged

Progress = Callable[[str, int], None]
"""Told the name of each task table done and the number of its tasks."""


def rebuild(database: Database, conn: sa.Connection, progress: Progress) -> int:
    """Rebuild everything in the caller's transaction; the number of tasks indexed."""
    # No upload may come between reading and writing.
    conn.execute(sa.select(devices.c.id).with_for_update()).all()
    now = utc_now()
    live_tables.rebuild(conn, database)
    idnum_index.rebuild(conn, now=now)
    conn.execute(task_index.delete())
    conn.execute(task_scores.delete())
    total = 0
    for table in database.tables.values():
        if table.kind == "task":
            count = _index_table(conn, database, table, now)
            progress(table.name, count)
            total += count
    return total


def _index_table(
    conn: sa.Connection, database: Database, table: ClientTable, now: dt.datetime
) -> int:
    count = 0
    for portion in portions(conn, database, table):
        judged = judge_portion(table, portion)
        scoring.store(conn, judged, {})
        indexing.insert(
            conn,
            (
                indexing.entry_values(one, _patient_pk(portion, one), now, era=one.row["_era"])
                for one in judged
            ),
        )
        count += len(judged)
    return count


def _patient_pk(portion: Portion, judged: Judged) -> int | None:
    person = portion.patients.get(judged.row["_pk"])
    return None if person is None else person["_pk"]
