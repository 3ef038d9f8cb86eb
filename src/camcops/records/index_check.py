# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking for disagreements between the indexes and the records themselves."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.schema import idnum_index, patient, patient_idnum, task_index
from camcops.records.lifecycle import NOW


def faults(conn: sa.Connection, database: Database) -> Iterator[str]:
    """Every disagreement, in a sentence with server keys; found table by table as the caller asks."""
    yield from _idnum_faults(conn)
    tasks = [table for table in database.tables.values() if table.kind == "task"]
    known = task_index.c.task_table_name.in_([table.name for table in tasks])
    strangers = sa.select(task_index.c.task_table_name, task_index.c.task_pk).where(sa.not_(known))
    for name, pk in conn.execute(strangers):
        yield f"Task {pk} of {name} is indexed, but there is no such table."
    for table in tasks:
        yield from _task_faults(conn, table)


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
