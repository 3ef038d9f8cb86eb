# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores of other rules are renewed, what changed is counted, and nothing is done twice."""

from collections import Counter

import pytest
import sqlalchemy as sa

from camcops.accounts.groups import create_group
from camcops.cli.rescore import described
from camcops.db.database import Database
from camcops.db.schema import patient, task_index, task_scores
from camcops.records import portions
from camcops.records.reindex import rebuild
from camcops.records.rescoring import Rescored, rescore
from tests.records.stored import add
from tests.statements import count_statements

TASKS = 7


def quiet(table: str, done: int) -> None:
    assert table == "phq9"
    assert done > 0


def run(database: Database, *, dry_run: bool = False) -> Rescored:
    return rescore(database, database.tables["phq9"], dry_run=dry_run, progress=quiet)


@pytest.fixture
def scored(database: Database) -> Database:
    """Seven PHQ-9 with total 9, complete; and one that is not current."""
    group = database.write(lambda conn: create_group(conn, name="clinic"))
    add(database, patient.name, group=group, surname="Secret", sex="F")
    answers = {f"q{number}": 1 for number in range(1, 11)}
    for key in range(1, TASKS + 1):
        created = "2026-05-01T10:00:00.000+01:00"
        add(database, "phq9", key=key, group=group, patient_id=1, when_created=created, **answers)
    phq9 = database.tables["phq9"].table.c
    database.write(lambda conn: rebuild(database, conn, lambda table, tasks: None))
    assert database.read(lambda conn: conn.scalar(sa.select(sa.func.count(phq9._pk)))) == TASKS
    return database


def results(database: Database) -> list[tuple[str, str, bool]]:
    columns = task_scores.c
    query = sa.select(columns.rules_hash, columns.results, columns.is_complete)
    return [tuple(row) for row in database.read(lambda conn: conn.execute(query).all())]


def outdate(
    database: Database, pks: list[int], old: str = '"total":9', new: str = '"total":8'
) -> None:
    columns = task_scores.c
    database.write(
        lambda conn: conn.execute(
            task_scores.update()
            .where(columns.task_pk.in_(pks))
            .values(rules_hash="of old", results=sa.func.replace(columns.results, old, new))
        )
    )


def test_only_outdated_scores_are_renewed_and_what_changed_is_counted(scored: Database) -> None:
    before = results(scored)
    assert '"total":9' in before[0][1]
    pks = [
        pk
        for (pk,) in scored.read(lambda conn: conn.execute(sa.select(task_scores.c.task_pk)).all())
    ]
    outdate(scored, pks[:3])
    outdate(scored, pks[3:4], "nothing", "of this")
    scored.write(
        lambda conn: conn.execute(task_scores.delete().where(task_scores.c.task_pk == pks[4]))
    )

    planned = run(scored, dry_run=True)
    assert "of old" in str(results(scored))
    seen = run(scored)

    assert planned == seen
    assert seen == Rescored("phq9", 5, 3, 1, 0, Counter({("total", "8", "9"): 3}))
    assert sorted(results(scored)) == sorted(before)
    assert run(scored).tasks == 0
    assert described(seen) == [
        "phq9: 5 scored anew, of which 3 changed, 1 had no scores before, 0 could not be scored",
        "  total: 8 → 9: 3",
    ]


def test_completeness_in_lists_follows(scored: Database) -> None:
    wrong = task_index.update().values(task_is_complete=False)
    scored.write(lambda conn: conn.execute(wrong))
    outdate(scored, list(range(1, TASKS + 1)), '"complete":true', '"complete":false')
    seen = run(scored)
    assert seen.changes[("complete", "no", "yes")] == TASKS
    query = sa.select(task_index.c.task_is_complete)
    assert scored.read(lambda conn: list(conn.scalars(query))) == [True] * TASKS


def test_interrupted_it_goes_on_where_it_was(
    scored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "PORTION", 2)
    outdate(scored, list(range(1, TASKS + 1)))

    def interrupt(table: str, done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rescore(scored, scored.tables["phq9"], dry_run=False, progress=interrupt)
    assert str(results(scored)).count("of old") == TASKS - 4
    assert run(scored).tasks == TASKS - 4
    assert run(scored).tasks == 0


def test_statements_do_not_grow_with_the_tasks(sqlite_database: Database) -> None:
    counts = []
    for number in (1, 40):
        for key in range(100 * number, 100 * number + number):
            add(
                sqlite_database,
                "phq9",
                key=key,
                group=1,
                patient_id=1,
                when_created="2026-05-01T10:00:00.000+01:00",
            )
        with count_statements(sqlite_database) as statements:
            assert run(sqlite_database).first_scored == number
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12


def test_what_is_in_order_is_passed_over_in_one_look(
    scored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "PORTION", 2)
    with count_statements(scored) as statements:
        assert run(scored).tasks == 0
    assert len(statements) == 1
    outdate(scored, [1, TASKS])
    with count_statements(scored) as statements:
        assert run(scored).tasks == 2
    assert sum(one.startswith("DELETE") for one in statements) == 1


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_mariadb_looks_up_no_score_but_those_of_the_portion(
    scored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would rather gather all that are in order, for each portion anew."""
    phq9 = scored.tables["phq9"].table
    first = scored.read(lambda conn: conn.execute(sa.select(phq9)).mappings().first())
    assert first is not None
    columns = {name: value for name, value in first.items() if name != "_pk"}
    scored.write(
        lambda conn: conn.execute(
            phq9.insert(), [columns | {"id": number} for number in range(100, 3000)]
        )
    )
    run(scored)
    outdate(scored, list(range(1, TASKS + 1)))
    monkeypatch.setattr(portions, "PORTION", 5)

    def rows_read(conn: sa.Connection) -> int:
        status = conn.exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read%%'")
        return sum(int(value) for _, value in status)

    def look(conn: sa.Connection) -> int:
        before = rows_read(conn)
        assert portions.end_of_portion(conn, scored.tables["phq9"], 0, outdated=True) == 5
        return rows_read(conn) - before

    assert scored.read(look) < 100
