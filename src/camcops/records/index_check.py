# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking for disagreements between the indexes and the records themselves."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from camcops.db.catalogue import filled
from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.patient_names import name_key
from camcops.db.schema import idnum_index, patient, patient_idnum, patient_index, task_index
from camcops.records.lifecycle import NOW

_PATIENTS = 2000


def faults(conn: sa.Connection, database: Database) -> Iterator[str]:
    """Every disagreement, in a sentence with server keys; found table by table as the caller asks."""
    yield from _patient_faults(conn)
    yield from _idnum_faults(conn)
    tasks = list(database.library)
    named = task_index.c.task_table_name
    strangers = sa.select(named, task_index.c.task_pk).where(named.not_in(tasks))
    for name, pk in conn.execute(strangers):
        yield f"Task {pk} of {name} is indexed, but there is no such table."
    present = filled(conn, tasks) | set(conn.scalars(sa.select(named).distinct()))
    for name in tasks:
        if name in present:
            yield from _task_faults(conn, database.tables[name])


def _patient_faults(conn: sa.Connection) -> Iterator[str]:
    entries, person = patient_index.c, patient.c
    current = sa.and_(person._pk == entries.patient_pk, person._current)
    gone = (
        sa.select(entries.patient_pk)
        .select_from(patient_index.outerjoin(patient, current))
        .where(person._pk.is_(None))
    )
    for pk in conn.scalars(gone.order_by(entries.patient_pk)):
        yield f"Patient {pk} is indexed by name, but is not current."
    query = (
        sa.select(
            person._pk, person.surname, person.forename, entries.surname_key, entries.forename_key
        )
        .select_from(patient.outerjoin(patient_index, entries.patient_pk == person._pk))
        .where(person._current)
        .order_by(person._pk)
        .limit(_PATIENTS)
    )
    last = 0
    while rows := conn.execute(query.where(person._pk > last)).all():
        for pk, surname, forename, *keys in rows:
            if None in keys:
                yield f"Patient {pk} is current, but not indexed by name."
            elif keys != [name_key(surname), name_key(forename)]:
                yield f"Patient {pk} is indexed by another name."
        last = rows[-1][0]


def _idnum_faults(conn: sa.Connection) -> Iterator[str]:
    entry, number, person = idnum_index.c, patient_idnum.c, patient.c
    current = patient_idnum.outerjoin(patient, _patient_of(number, number.patient_id))
    same = sa.and_(
        number._pk == entry.idnum_pk,
        number._current,
        number.which_idnum == entry.which_idnum,
        number.idnum_value == entry.idnum_value,
    )
    wrong = (
        sa.select(entry.idnum_pk)
        .select_from(idnum_index.outerjoin(current, same))
        .where(sa.or_(number._pk.is_(None), entry.patient_pk.is_distinct_from(person._pk)))
    )
    for pk in conn.scalars(wrong.order_by(entry.idnum_pk)):
        yield f"ID number {pk} is indexed, but is not current, or of another value or patient."
    missing = (
        sa.select(number._pk)
        .select_from(patient_idnum.outerjoin(idnum_index, entry.idnum_pk == number._pk))
        .where(number._current, number.idnum_value.is_not(None), entry.idnum_pk.is_(None))
    )
    for pk in conn.scalars(missing.order_by(number._pk)):
        yield f"ID number {pk} is current, but not indexed."


def _task_faults(conn: sa.Connection, table: ClientTable) -> Iterator[str]:
    task, entry, person = table.table.c, task_index.c, patient.c
    of_table = entry.task_table_name == table.name
    current: sa.FromClause = table.table
    patient_pk: sa.ColumnElement[Any] = sa.null()
    if "patient_id" in task:
        current = table.table.outerjoin(patient, _patient_of(task, task.patient_id))
        patient_pk = person._pk
    same = sa.and_(task._pk == entry.task_pk, task._current)
    wrong = (
        sa.select(entry.task_pk)
        .select_from(task_index.outerjoin(current, same))
        .where(of_table, sa.or_(task._pk.is_(None), task._era != entry.era))
    )
    for pk in conn.scalars(wrong.order_by(entry.task_pk)):
        yield f"Task {pk} of {table.name} is indexed, but is not current, or of another era."
    elsewhere = (
        sa.select(task._pk)
        .select_from(task_index.join(current, same))
        .where(of_table, task._era == NOW, entry.patient_pk.is_distinct_from(patient_pk))
    )
    for pk in conn.scalars(elsewhere.order_by(task._pk)):
        yield f"Task {pk} of {table.name} is indexed under another patient."
    indexed = sa.and_(of_table, entry.task_pk == task._pk)
    missing = (
        sa.select(task._pk)
        .select_from(table.table.outerjoin(task_index, indexed))
        .where(task._current, entry.task_pk.is_(None))
    )
    for pk in conn.scalars(missing.order_by(task._pk)):
        yield f"Task {pk} of {table.name} is current, but not indexed."


def _patient_of(row: Any, patient_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    person = patient.c
    return sa.and_(
        person._device_id == row._device_id,
        person._era == row._era,
        person.id == patient_id,
        person._current,
    )
