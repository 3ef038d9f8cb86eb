# SPDX-License-Identifier: GPL-3.0-or-later
"""Which schedules a patient follows from when on, and so what is due when."""

import datetime as dt
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from camcops.db.keys import new_key
from camcops.db.schema import patient_task_schedules, task_schedule_items, task_schedules
from camcops.instruments.library import Library
from camcops.records.lifecycle import iso_text, parse_instant
from camcops.schedules.durations import read_duration

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DueItem:
    """A task that a patient is to do at `due_from` or later, before `due_by` (instants with their zone)."""

    table: str
    anonymous: bool
    settings: Mapping[str, Any]
    due_from: dt.datetime
    due_by: dt.datetime


@dataclass(frozen=True, slots=True)
class Assignment:
    """A schedule as one patient follows it; items by when they are due."""

    name: str
    items: tuple[DueItem, ...]


def assign(
    conn: sa.Connection,
    *,
    patient_pk: int,
    schedule_id: int,
    start: dt.datetime | None,
    settings: Mapping[str, Any],
) -> int:
    """Let a patient follow a schedule; the assignment's number.

    `start` has a zone; without one, the schedule starts when the patient's device first fetches it.
    `settings`: for each task's table, what the app is to be told about it.
    """
    made = conn.execute(
        patient_task_schedules.insert().values(
            patient_pk=patient_pk,
            schedule_id=schedule_id,
            start_datetime=iso_text(start) if start else None,
            settings=json.dumps(settings),
        )
    )
    return new_key(made)


def assignments_of(
    conn: sa.Connection, library: Library, patient_pk: int, *, now: dt.datetime
) -> list[Assignment]:
    """A patient's schedules with their items, in the order in which they were assigned.

    Those without a start get one: `now` (UTC, without a zone), with its seconds cut off. Two statements;
    two more if any lacked a start.
    """
    rows = _assigned(conn, patient_pk)
    if any(not row.start_datetime for row in rows):
        _start(conn, patient_pk, now.replace(second=0, microsecond=0))
        rows = _assigned(conn, patient_pk)
    items: dict[int, list[Any]] = {}
    columns = task_schedule_items.c
    schedule_ids = {row.schedule_id for row in rows}
    if schedule_ids:
        query = sa.select(task_schedule_items).where(columns.schedule_id.in_(schedule_ids))
        for item in conn.execute(query.order_by(columns.id)):
            items.setdefault(item.schedule_id, []).append(item)
    return [_assignment(row, items.get(row.schedule_id, []), library) for row in rows]


def schedule_names(conn: sa.Connection) -> dict[int, list[str]]:
    """The names of all patients' schedules, by `patient._pk`."""
    columns = patient_task_schedules.c
    rows = conn.execute(
        sa.select(columns.patient_pk, task_schedules.c.name)
        .join(task_schedules, task_schedules.c.id == columns.schedule_id)
        .order_by(columns.id)
    )
    found: dict[int, list[str]] = {}
    for patient_pk, name in rows:
        found.setdefault(patient_pk, []).append(name or "")
    return found


def _assigned(conn: sa.Connection, patient_pk: int) -> list[Any]:
    columns = patient_task_schedules.c
    return list(
        conn.execute(
            sa.select(
                columns.schedule_id,
                columns.start_datetime,
                columns.settings,
                task_schedules.c.name,
            )
            .join(task_schedules, task_schedules.c.id == columns.schedule_id)
            .where(columns.patient_pk == patient_pk)
            .order_by(columns.id)
        )
    )


def _start(conn: sa.Connection, patient_pk: int, minute: dt.datetime) -> None:
    columns = patient_task_schedules.c
    conn.execute(
        patient_task_schedules.update()
        .where(
            columns.patient_pk == patient_pk,
            sa.func.coalesce(columns.start_datetime, "") == "",
        )
        .values(start_datetime=iso_text(minute))
    )


def _assignment(row: Any, items: list[Any], library: Library) -> Assignment:
    start, settings = parse_instant(row.start_datetime), _settings(row.settings)
    due = [made for item in items if (made := _due_item(item, start, settings, library))]
    due.sort(key=lambda item: (item.due_from, item.due_by))
    return Assignment(row.name or "", tuple(due))


def _due_item(
    item: Any, start: dt.datetime, settings: Mapping[str, Any], library: Library
) -> DueItem | None:
    """One item of a schedule; None, and a line in the log, if it can't be carried out."""
    table = item.task_table_name
    try:
        due_from = read_duration(item.due_from or "").after(start)
        due_by = read_duration(item.due_by or "").after(start)
    except (ValueError, OverflowError):
        log.warning("Item %s of schedule %s has no readable times", item.id, item.schedule_id)
        return None
    if table not in library:
        log.warning("Item %s of schedule %s names no task", item.id, item.schedule_id)
        return None
    anonymous = library[table].is_anonymous
    return DueItem(table, anonymous, settings.get(table) or {}, due_from, due_by)


def _settings(text: str | None) -> Mapping[str, Any]:
    """What an assignment tells the app about tasks, by table; nothing, if it is not readable."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        log.warning("The settings of an assigned schedule are no JSON")
        return {}
    return found if isinstance(found, dict) else {}
