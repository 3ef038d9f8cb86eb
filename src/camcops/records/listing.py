# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of tasks, newest first, a page at a time; read from the index alone, never from instruments' tables.

Pages are found by key: the creation time and index entry of the row at their edge. So a page costs
the same however far down it lies, and tasks that arrive meanwhile shift nothing.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from camcops.accounts.users import User
from camcops.db.database import Database
from camcops.db.schema import (
    idnum_index,
    patient,
    patient_idnum,
    task_index,
    task_scores,
    users,
)
from camcops.instruments.library import Library
from camcops.records.access import Reach, in_groups, is_restricted, reach_of
from camcops.records.idnums import IdNumType, definitions, valid_idnum
from camcops.records.lifecycle import NOW
from camcops.records.task_filters import PageKey, TaskFilter
from camcops.records.task_parts import Part, parts

__all__ = [
    "ListedIdNumber",
    "ListedPatient",
    "Page",
    "PageKey",
    "TaskFilter",
    "TaskRow",
    "list_tasks",
]

PAGE_SIZE: Final = 25
COUNTED: Final = 1000
"""Up to how many tasks are counted."""


@dataclass(frozen=True, slots=True)
class ListedIdNumber:
    """An ID number in a list; `valid` by its type's method of validation."""

    which: int
    short_description: str
    value: int
    valid: bool
    validation_method: str


@dataclass(frozen=True, slots=True)
class ListedPatient:
    """Whom a listed task is about."""

    pk: int
    surname: str
    forename: str
    dob: dt.date | None
    sex: str
    idnums: tuple[ListedIdNumber, ...]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task in a list.

    `patient` is None if the task is anonymous, and also if its patient's record is missing (see
    `is_anonymous`). `added_by`: the name of the user who uploaded it. `is_live`: the tablet can still
    change it. `is_valid` and `has_alert` are None where no score is stored. `created_iso` has the zone
    of the tablet; `created_utc` has none.
    """

    table_name: str
    server_pk: int
    short_name: str
    is_anonymous: bool
    patient: ListedPatient | None
    added_by: str
    created_utc: dt.datetime
    created_iso: str
    is_live: bool
    is_complete: bool
    is_valid: bool | None
    has_alert: bool | None
    key: PageKey


@dataclass(frozen=True, slots=True)
class Page:
    """A page of tasks; `newer` and `older` lead to its neighbours (None: there is none).

    `count` is the number of all tasks that fit, None if they are more than `COUNTED`. `restricted`:
    identifiable tasks of some groups are left out until a patient is named.
    """

    rows: tuple[TaskRow, ...]
    newer: PageKey | None
    older: PageKey | None
    count: int | None
    restricted: bool


def list_tasks(
    conn: sa.Connection,
    database: Database,
    user: User,
    asked: TaskFilter,
    *,
    newer_than: PageKey | None = None,
    older_than: PageKey | None = None,
    limit: int = PAGE_SIZE,
) -> Page:
    """The newest tasks that fit; or those next to a key, in one direction (at most seven statements).

    A page of newer tasks that would not be full is the first page instead.
    """
    reach = reach_of(conn, user)
    restricted = is_restricted(reach, names_a_patient=asked.names_a_patient)
    if reach.sees_nothing:
        return Page((), None, None, 0, restricted)
    fitting = parts(reach, database.library, asked)
    within = bool(newer_than or older_than or asked.created_until)
    selected = [_selected(part, task_index, within=within) for part in fitting]
    found, newer, older = _page(conn, selected, reach, newer_than, older_than, limit)
    rows = _task_rows(database.library, found, _idnums(conn, found, reach))
    return Page(
        rows=tuple(rows),
        newer=rows[0].key if rows and newer else None,
        older=rows[-1].key if rows and older else None,
        count=_count(conn, fitting),
        restricted=restricted,
    )


def _selected(part: Part, *what: Any, within: bool = False) -> sa.Select[Any]:
    """A part's entries. `within`: from a place in the middle."""
    query = sa.select(*what).where(part.condition)
    # MariaDB would rather look at each task for its instrument; or read a group's one by one from the end.
    if part.of_instrument:
        return query.with_hint(task_index, "FORCE INDEX (ix__task_index_table_listed)", "mysql")
    if within:
        return query.with_hint(task_index, "IGNORE INDEX (ix__task_index_group_created)", "mysql")
    return query


def _page(
    conn: sa.Connection,
    fitting: Sequence[sa.Select[Any]],
    reach: Reach,
    newer_than: PageKey | None,
    older_than: PageKey | None,
    limit: int,
) -> tuple[list[sa.RowMapping], bool, bool]:
    """The rows of a page, and whether there are newer and older ones."""
    if newer_than is not None:
        nearer = [part.where(newer_than.is_before()) for part in fitting]
        rows = _select(conn, nearer, reach, limit + 1, newest=False)
        if len(rows) >= limit:
            return rows[:limit][::-1], len(rows) > limit, True
    if newer_than is None and older_than is not None:
        fitting = [part.where(older_than.is_after()) for part in fitting]
    rows = _select(conn, fitting, reach, limit + 1, newest=True)
    return rows[:limit], older_than is not None and newer_than is None, len(rows) > limit


def _select(
    conn: sa.Connection,
    fitting: Sequence[sa.Select[Any]],
    reach: Reach,
    limit: int,
    *,
    newest: bool,
) -> list[sa.RowMapping]:
    """So many of the fitting rows of the index from one end, with what a list shows beside them.

    The rows are chosen first, so that only those shown are looked up elsewhere. A task leads to
    its patient by a key that its tablet chose, so the patient is judged by group too.
    """
    if not fitting:
        return []
    chosen = _first(fitting, limit, newest=newest).subquery("chosen")
    index = chosen.c
    seen_patient = in_groups(patient.c._group_id + 0, reach.visible)
    query = (
        sa.select(
            chosen,
            patient.c._pk.label("found_patient_pk"),
            patient.c.surname,
            patient.c.forename,
            patient.c.dob,
            patient.c.sex,
            users.c.username,
            task_scores.c.is_valid,
            task_scores.c.has_alert,
        )
        .select_from(chosen)
        .outerjoin(patient, sa.and_(patient.c._pk == index.patient_pk, seen_patient))
        .outerjoin(users, users.c.id == index.adding_user_id)
        .outerjoin(
            task_scores,
            sa.and_(
                task_scores.c.task_table_name == index.task_table_name,
                task_scores.c.task_pk == index.task_pk,
            ),
        )
        .order_by(*_order(chosen, newest=newest))
    )
    return list(conn.execute(query).mappings())


def _order(source: sa.FromClause, *, newest: bool) -> list[sa.ColumnElement[Any]]:
    columns: list[sa.ColumnElement[Any]] = [source.c.when_created_utc, source.c.index_entry_pk]
    return [column.desc() for column in columns] if newest else columns


def _first(fitting: Sequence[sa.Select[Any]], limit: int, *, newest: bool) -> sa.Select[Any]:
    """So many rows from one end of all parts together: each brings its own first ones."""
    firsts = [part.order_by(*_order(task_index, newest=newest)).limit(limit) for part in fitting]
    if len(firsts) == 1:
        return firsts[0]
    united = sa.union_all(*(sa.select(first.subquery()) for first in firsts)).subquery()
    return sa.select(united).order_by(*_order(united, newest=newest)).limit(limit)


def _count(conn: sa.Connection, fitting: Sequence[Part]) -> int | None:
    """How many tasks fit, if not too many.

    In the order of the page, so that planners count along the index that the page is read by: in any order,
    they take one in which all that fit may stand at the far end.
    """
    if not fitting:
        return 0
    ordered = task_index.c.index_entry_pk, task_index.c.when_created_utc
    entries = [_selected(part, *ordered) for part in fitting]
    some = _first(entries, COUNTED + 1, newest=True).subquery()
    count = conn.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    return count if count <= COUNTED else None


def _idnums(
    conn: sa.Connection, rows: Sequence[sa.RowMapping], reach: Reach
) -> dict[int, tuple[ListedIdNumber, ...]]:
    """ID numbers of the patients of some rows, by the patient's server key."""
    pks = {row["found_patient_pk"] for row in rows} - {None}
    if not pks:
        return {}
    known = definitions(conn)
    index = idnum_index.c
    found = conn.execute(
        sa.select(index.patient_pk, index.which_idnum, index.idnum_value)
        .join(patient_idnum, patient_idnum.c._pk == index.idnum_pk)
        .where(
            index.patient_pk.in_(sorted(pks)),
            index.idnum_value.is_not(None),
            in_groups(patient_idnum.c._group_id + 0, reach.visible),
        )
        .order_by(index.which_idnum)
    )
    numbers: dict[int, list[ListedIdNumber]] = defaultdict(list)
    for patient_pk, which, value in found:
        numbers[patient_pk].append(_listed(known.get(which), which, value))
    return {pk: tuple(listed) for pk, listed in numbers.items()}


def _listed(kind: IdNumType | None, which: int, value: int) -> ListedIdNumber:
    method = kind.validation_method if kind else ""
    return ListedIdNumber(
        which=which,
        short_description=kind.short_description if kind else f"ID {which}",
        value=value,
        valid=valid_idnum(method, value),
        validation_method=method,
    )


def _task_rows(
    library: Library,
    found: Iterable[sa.RowMapping],
    idnums: dict[int, tuple[ListedIdNumber, ...]],
) -> list[TaskRow]:
    return [_task_row(library, row, idnums.get(row["patient_pk"], ())) for row in found]


def _task_row(library: Library, row: Any, idnums: tuple[ListedIdNumber, ...]) -> TaskRow:
    instrument = library.get(row["task_table_name"])
    known_patient = row["found_patient_pk"] is not None
    return TaskRow(
        table_name=row["task_table_name"],
        server_pk=row["task_pk"],
        short_name=instrument.short_name if instrument else row["task_table_name"],
        is_anonymous=instrument is not None and instrument.is_anonymous,
        patient=_patient(row, idnums) if known_patient else None,
        added_by=row["username"] or "",
        created_utc=row["when_created_utc"],
        created_iso=row["when_created_iso"],
        is_live=row["era"] == NOW,
        is_complete=bool(row["task_is_complete"]),
        is_valid=row["is_valid"],
        has_alert=row["has_alert"],
        key=PageKey(row["when_created_utc"], row["index_entry_pk"]),
    )


def _patient(row: Any, idnums: tuple[ListedIdNumber, ...]) -> ListedPatient:
    return ListedPatient(
        pk=row["patient_pk"],
        surname=row["surname"] or "",
        forename=row["forename"] or "",
        dob=row["dob"],
        sex=row["sex"] or "",
        idnums=idnums,
    )
