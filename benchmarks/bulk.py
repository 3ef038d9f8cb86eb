# SPDX-License-Identifier: GPL-3.0-or-later
"""A database with as many indexed tasks as one likes, made by the database itself.

One patient has twenty tasks, four patients share a surname, and one task in ten (each PHQ-9) has a row of its
own; so what a search finds is as much at every size. No list reads the rows that the others lack.
"""

import datetime as dt
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from benchmarks.haste import hasty_engine
from camcops.db.database import Database
from camcops.db.patient_names import add_missing
from camcops.db.schema import (
    devices,
    groups,
    idnum_index,
    patient,
    patient_idnum,
    patient_index,
    task_index,
    task_scores,
)
from camcops.instruments.evaluate import Record, evaluate
from camcops.instruments.model import Instrument

TASKS_A_PATIENT = 20
NAMESAKES = 4
MOMENTS = 20_000
DEVICES = 50
FIRST = dt.datetime(2016, 1, 1, 9)  # noqa: DTZ001 (as the index holds instants)
KINDS = 10
PORTION = 500_000
"""Numbers whose rows are inserted in one transaction."""

STUDY_NUMBER = 2
ERA = "2026-01-01T00:00:00.000000+00:00"

_FILLED = (patient, patient_idnum, idnum_index, patient_index, task_index, task_scores)

_own = sa.MetaData()
numbers = sa.Table(
    "bench_numbers", _own, sa.Column("n", sa.Integer, primary_key=True, autoincrement=False)
)
moments = sa.Table(
    "bench_moments",
    _own,
    sa.Column("m", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at_utc", sa.DateTime),
    sa.Column("at_iso", sa.String(32)),
)


@dataclass(frozen=True)
class Part:
    """The tasks (or patients) of one transaction, beginning with the number `first`."""

    total: int
    first: int
    kinds: int

    def of(self, most: int) -> sa.ColumnElement[bool]:
        """Which numbers, where there are `most` things."""
        return numbers.c.n.between(self.first, min(most, self.first + PORTION) - 1)


def patients_among(total: int) -> int:
    return total // TASKS_A_PATIENT


def surname(which: int) -> str:
    return f"Name{which}"


def fill(database: Database, total: int, kinds: int = KINDS) -> None:
    """Fill a furnished database that holds no records with `total` indexed tasks of so many instruments."""
    with hasty_engine(database) as engine:
        _own.create_all(engine)
        with engine.begin() as conn:
            _count_up(conn, total)
        filled = [*_FILLED, database.tables["phq9"].table]
        indexes = [index for table in filled for index in table.indexes]
        for index in indexes:
            index.drop(engine)
        for step in (_people, _index, _scores, _answers):
            for first in range(0, total, PORTION):
                with engine.begin() as conn:
                    step(conn, database, Part(total, first, kinds))
        with engine.begin() as conn:
            add_missing(conn)
        for index in indexes:
            index.create(engine)
        _own.drop_all(engine)
        if engine.dialect.name == "postgresql":  # what its own housekeeping does in a while
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.exec_driver_sql("VACUUM ANALYZE")


def _count_up(conn: sa.Connection, total: int) -> None:
    known = min(1024, total)
    conn.execute(numbers.insert(), [{"n": n} for n in range(known)])
    while known < total:
        more = sa.select(numbers.c.n + known).where(numbers.c.n < total - known)
        conn.execute(numbers.insert().from_select(["n"], more))
        known = min(2 * known, total)
    step = dt.timedelta(days=3650) / MOMENTS
    times = [(FIRST + number * step).replace(microsecond=0) for number in range(MOMENTS)]
    conn.execute(
        moments.insert(),
        [
            {"m": m, "at_utc": at, "at_iso": f"{at.isoformat()}.000000+00:00"}
            for m, at in enumerate(times)
        ],
    )
    conn.execute(
        devices.insert(),
        [{"name": f"bulk-{n}", "currently_preserving": False} for n in range(DEVICES)],
    )


def _insert(
    conn: sa.Connection, table: sa.Table, values: dict[str, Any], chosen: sa.ColumnElement[bool]
) -> None:
    columns = [
        value if isinstance(value, sa.ColumnElement) else sa.literal(value, table.c[name].type)
        for name, value in values.items()
    ]
    source = numbers.join(moments, moments.c.m == numbers.c.n % MOMENTS)
    query = sa.select(*columns).select_from(source).where(chosen)
    conn.execute(table.insert().from_select(list(values), query, include_defaults=False))


def _lifecycle(conn: sa.Connection) -> dict[str, Any]:
    n = numbers.c.n
    return {
        "_pk": n + 1,
        "id": n + 1,
        "_device_id": _first_device(conn) + n % DEVICES,
        "_era": ERA,
        "_current": True,
        "_group_id": _group(conn),
        "_when_added_exact": moments.c.at_iso,
        "_when_added_batch_utc": moments.c.at_utc,
        "_camcops_version": "2.4.24",
        "_addition_pending": False,
        "_removal_pending": False,
        "_move_off_tablet": False,
        "when_last_modified": moments.c.at_iso,
    }


def _people(conn: sa.Connection, database: Database, part: Part) -> None:
    people, n = patients_among(part.total), numbers.c.n
    chosen = part.of(people)
    lifecycle = _lifecycle(conn)
    name = sa.literal("Name", sa.String) + sa.cast(n % (people // NAMESAKES), sa.String(20))
    details = {"forename": "Zoë", "surname": name, "sex": "F", "dob": dt.date(1980, 1, 2)}
    _insert(conn, patient, lifecycle | details, chosen)
    number = {"patient_id": n + 1, "which_idnum": STUDY_NUMBER, "idnum_value": n}
    _insert(conn, patient_idnum, lifecycle | number, chosen)
    indexed = {
        "idnum_pk": n + 1,
        "indexed_at_utc": moments.c.at_utc,
        "patient_pk": n + 1,
        "which_idnum": STUDY_NUMBER,
        "idnum_value": n,
    }
    _insert(conn, idnum_index, indexed, chosen)


def _index(conn: sa.Connection, database: Database, part: Part) -> None:
    n = numbers.c.n
    entry = {
        "index_entry_pk": n + 1,
        "indexed_at_utc": moments.c.at_utc,
        "task_table_name": _instrument(database, part.kinds),
        "task_pk": n + 1,
        "patient_pk": n % patients_among(part.total) + 1,
        "device_id": _first_device(conn) + n % DEVICES,
        "era": ERA,
        "when_created_utc": moments.c.at_utc,
        "when_created_iso": moments.c.at_iso,
        "when_added_batch_utc": moments.c.at_utc,
        "group_id": _group(conn),
        "task_is_complete": True,
    }
    _insert(conn, task_index, entry, part.of(part.total))


def _scores(conn: sa.Connection, database: Database, part: Part) -> None:
    phq9, n = database.library["phq9"], numbers.c.n
    results = evaluate(phq9, Record(_answered(), {}, None, FIRST))
    score = {
        "task_table_name": _instrument(database, part.kinds),
        "task_pk": n + 1,
        "rules_hash": phq9.rules_hash,
        "is_complete": True,
        "is_valid": True,
        "has_alert": bool(results.alerts),
        "results": results.to_json(),
    }
    _insert(conn, task_scores, score, part.of(part.total))


def _answers(conn: sa.Connection, database: Database, part: Part) -> None:
    n = numbers.c.n
    values = {
        **_lifecycle(conn),
        "patient_id": n % patients_among(part.total) + 1,
        "when_created": moments.c.at_iso,
        **_answered(),
    }
    chosen = sa.and_(part.of(part.total), n % part.kinds == 0)
    _insert(conn, database.tables["phq9"].table, values, chosen)


def _answered() -> dict[str, Any]:
    return {f"q{item}": item % 4 for item in range(1, 11)}


def _instrument(database: Database, kinds: int) -> sa.ColumnElement[str]:
    """The table that a task's number stands for."""
    plain = (one.table for one in database.library.values() if _is_plain(one))
    names = ["phq9", *islice(plain, kinds - 1)]
    kind = numbers.c.n % kinds
    return sa.case(*((kind == n, name) for n, name in enumerate(names)))


def _is_plain(instrument: Instrument) -> bool:
    return not instrument.is_anonymous and instrument.table != "phq9"


def _group(conn: sa.Connection) -> sa.ColumnElement[int]:
    """Half of the patients belong to each of the two groups."""
    first, second = conn.scalars(sa.select(groups.c.id).order_by(groups.c.id).limit(2))
    return sa.case((numbers.c.n % 2 == 0, first), else_=second)


def _first_device(conn: sa.Connection) -> int:
    found = conn.scalar(sa.select(devices.c.id).where(devices.c.name == "bulk-0"))
    assert found is not None
    return int(found)
