# SPDX-License-Identifier: GPL-3.0-or-later
"""Renewing stored scores that other rules than today's gave, and saying what changed.

Each portion is one short transaction, and what it did is not done again: it can be interrupted anywhere.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.schema import devices, task_index, task_scores
from camcops.instruments.language.words import Words
from camcops.instruments.results import Results, ScoreValue
from camcops.records import scoring
from camcops.records.portions import PORTION, judge_portion, portion_of
from camcops.records.scoring import Judged

MISSING: Final = "missing"

Progress = Callable[[str, int], None]
"""Told the name of a task table, and how many of its tasks are done."""

Change = tuple[str, str, str]
"""What changed: a score (or completeness, validity, alert), from, to."""


@dataclass(slots=True)
class Rescored:
    """What became of the outdated tasks of one instrument; no task is named."""

    table: str
    tasks: int = 0
    changed: int = 0
    """Tasks of which anything changed that had been scored before."""
    first_scored: int = 0
    failed: int = 0
    changes: Counter[Change] = field(default_factory=Counter)


def rescore(
    database: Database, table: ClientTable, *, dry_run: bool, progress: Progress
) -> Rescored:
    """Renew all outdated or missing scores of one task table; with `dry_run`, only see what would change."""
    seen = Rescored(table.name)
    last = 0
    while pks := _next(database, table, last):
        judged, before = _portion(database, table, pks, dry_run=dry_run)
        for one in judged:
            _count(seen, before.get(one.row["_pk"]), one)
        last = pks[-1]
        progress(table.name, seen.tasks)
    return seen


def outdated(conn: sa.Connection, table: ClientTable, after: int, limit: int) -> list[int]:
    """Server keys of current tasks that have no score, or one that other rules gave; in order."""
    assert table.instrument is not None
    columns, scores = table.table.c, task_scores.c
    joined = table.table.outerjoin(
        task_scores,
        sa.and_(scores.task_table_name == table.name, scores.task_pk == columns._pk),
    )
    query = (
        sa.select(columns._pk)
        .select_from(joined)
        .where(
            columns._current,
            columns._pk > after,
            sa.or_(scores.task_pk.is_(None), scores.rules_hash != table.instrument.rules_hash),
        )
        .order_by(columns._pk)
        .limit(limit)
    )
    return list(conn.scalars(query))


def count_outdated(conn: sa.Connection, database: Database, most: int) -> dict[str, int]:
    """Scores of other rules than today's, by task table, counted up to `most`.

    Cheap: goes from one set of rules to the next on the index, whatever the number of scores.
    """
    found: dict[str, int] = {}
    columns = task_scores.c
    for name, rules in _sets_of_rules(conn):
        table = database.tables.get(name)
        if table is None or table.instrument is None or table.instrument.rules_hash == rules:
            continue
        some = sa.select(columns.task_pk).where(
            columns.task_table_name == name, columns.rules_hash == rules
        )
        count = sa.select(sa.func.count()).select_from(some.limit(most).subquery())
        found[name] = min(most, found.get(name, 0) + (conn.scalar(count) or 0))
    return found


def _sets_of_rules(conn: sa.Connection) -> Iterator[tuple[str, str]]:
    """Each task table with each hash of rules that its scores have."""
    table, rules = task_scores.c.task_table_name, task_scores.c.rules_hash
    query = sa.select(table, rules).order_by(table, rules).limit(1)
    row = conn.execute(query).first()
    while row is not None:
        yield row[0], row[1]
        same = conn.execute(query.where(table == row[0], rules > row[1])).first()
        row = same or conn.execute(query.where(table > row[0])).first()


def _next(database: Database, table: ClientTable, after: int) -> list[int]:
    return database.read(lambda conn: outdated(conn, table, after, PORTION))


Portion = tuple[Sequence[Judged], Mapping[int, Results]]
"""Tasks judged anew, and what was stored of them before, by server key."""


def _portion(
    database: Database, table: ClientTable, pks: Sequence[int], *, dry_run: bool
) -> Portion:
    if dry_run:
        return database.read(lambda conn: _judged(conn, database, table, pks))
    return database.write(lambda conn: _renewed(conn, database, table, pks))


def _judged(
    conn: sa.Connection, database: Database, table: ClientTable, pks: Sequence[int]
) -> Portion:
    judged = judge_portion(table, portion_of(conn, database, table, pks))
    columns = task_scores.c
    query = sa.select(columns.task_pk, columns.results).where(
        columns.task_table_name == table.name, columns.task_pk.in_(pks)
    )
    return judged, {pk: Results.from_json(text) for pk, text in conn.execute(query)}


def _renewed(
    conn: sa.Connection, database: Database, table: ClientTable, pks: Sequence[int]
) -> Portion:
    _hold_devices(conn, table, pks)
    judged, before = _judged(conn, database, table, pks)
    scoring.store(conn, judged, {table.name: pks})
    _renew_completeness(conn, table, judged)
    return judged, before


def _hold_devices(conn: sa.Connection, table: ClientTable, pks: Sequence[int]) -> None:
    """No upload may replace these tasks between reading and writing: uploads lock their device first."""
    columns = table.table.c
    query = sa.select(columns._device_id).distinct().where(columns._pk.in_(pks))
    held = sorted(conn.scalars(query))
    lock = sa.select(devices.c.id).where(devices.c.id.in_(held)).order_by(devices.c.id)
    conn.execute(lock.with_for_update()).all()


def _renew_completeness(conn: sa.Connection, table: ClientTable, judged: Sequence[Judged]) -> None:
    columns = task_index.c
    for complete in (True, False):
        pks = [one.row["_pk"] for one in judged if one.is_complete is complete]
        chosen = sa.and_(
            columns.task_table_name == table.name,
            columns.task_pk.in_(pks),
            columns.task_is_complete != complete,
        )
        if pks:
            conn.execute(task_index.update().where(chosen).values(task_is_complete=complete))


def _count(seen: Rescored, before: Results | None, judged: Judged) -> None:
    seen.tasks += 1
    if judged.results is None:
        seen.failed += 1
    elif before is None:
        seen.first_scored += 1
    elif changes := list(_changes(before, judged.results)):
        seen.changed += 1
        seen.changes.update(changes)


def _changes(before: Results, after: Results) -> Iterator[Change]:
    """What differs, without texts that may quote answers."""
    for name, old, new in (
        ("complete", before.is_complete, after.is_complete),
        ("valid", before.valid, after.valid),
        ("alert", bool(before.alerts), bool(after.alerts)),
    ):
        if old != new:
            yield name, _shown(old), _shown(new)
    for name in {**before.scores, **after.scores}:
        scores = [results.scores.get(name) for results in (before, after)]
        if scores[0] != scores[1]:
            yield name, _shown(scores[0]), _shown(scores[1])


def _shown(value: ScoreValue) -> str:
    match value:
        case None:
            return MISSING
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:g}"
    return "text" if isinstance(value, str | Words) else "date or time"
