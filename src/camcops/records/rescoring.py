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
from camcops.records.portions import end_of_portion, judge_portion, read_portion, wanted
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
    after = 0
    while (last := _end(database, table, after)) is not None:
        stretch = _Stretch(database, table, after, last)
        judged, before = database.read(stretch.judge) if dry_run else database.write(stretch.renew)
        for one in judged:
            _count(seen, before.get(one.row["_pk"]), one)
        after = last
        if judged:
            progress(table.name, seen.tasks)
    return seen


def _end(database: Database, table: ClientTable, after: int) -> int | None:
    return database.read(lambda conn: end_of_portion(conn, table, after, outdated=True))


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


Judgement = tuple[Sequence[Judged], Mapping[int, str]]
"""Tasks judged anew, and what was stored of them before (JSON), by server key."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The outdated tasks of one table with server keys above `after`, up to `last`."""

    database: Database
    table: ClientTable
    after: int
    last: int

    def judge(self, conn: sa.Connection) -> Judgement:
        portion = read_portion(
            conn, self.database, self.table, self.after, self.last, outdated=True
        )
        if not portion.rows:
            return [], {}
        columns = task_scores.c
        query = sa.select(columns.task_pk, columns.results).where(self._of_outdated_scores())
        before = {row.task_pk: row.results for row in conn.execute(query)}
        return judge_portion(self.table, portion), before

    def renew(self, conn: sa.Connection) -> Judgement:
        self._hold_devices(conn)
        judged, before = self.judge(conn)
        if judged:
            conn.execute(task_scores.delete().where(self._of_outdated_scores()))
            scoring.store(conn, judged, {})
            self._renew_completeness(conn, judged)
        return judged, before

    def _of_outdated_scores(self) -> sa.ColumnElement[bool]:
        assert self.table.instrument is not None
        columns = task_scores.c
        return sa.and_(
            columns.rules_hash != self.table.instrument.rules_hash,
            columns.task_table_name == self.table.name,
            columns.task_pk > self.after,
            columns.task_pk <= self.last,
        )

    def _hold_devices(self, conn: sa.Connection) -> None:
        """No upload may replace these tasks between reading and writing: uploads lock their device first."""
        columns = self.table.table.c
        query = sa.select(columns._device_id).distinct()
        within = columns._pk > self.after, columns._pk <= self.last
        held = sorted(conn.scalars(query.where(*within, wanted(self.table, outdated=True))))
        lock = sa.select(devices.c.id).where(devices.c.id.in_(held)).order_by(devices.c.id)
        conn.execute(lock.with_for_update()).all()

    def _renew_completeness(self, conn: sa.Connection, judged: Sequence[Judged]) -> None:
        columns = task_index.c
        of_table = columns.task_table_name == self.table.name
        for complete in (True, False):
            pks = [one.row["_pk"] for one in judged if one.is_complete is complete]
            if pks:
                otherwise = columns.task_is_complete.is_(not complete)
                chosen = sa.and_(of_table, columns.task_pk.in_(pks), otherwise)
                conn.execute(task_index.update().where(chosen).values(task_is_complete=complete))


def _count(seen: Rescored, before: str | None, judged: Judged) -> None:
    seen.tasks += 1
    if judged.results is None:
        seen.failed += 1
    elif before is None:
        seen.first_scored += 1
    elif before != judged.results.to_json() and (
        changes := list(_changes(Results.from_json(before), judged.results))
    ):
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
