# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of task lists as pages show them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request
from sqlalchemy import Connection

from camcops.records.listing import Page, TaskRow, list_tasks
from camcops.records.task_filters import PageKey, TaskFilter
from camcops.web.parameters import refusal, text
from camcops.web.policy import site_of
from camcops.web.words import id_number, patient_name


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list. `states`: texts with the tone of their label; `idnums`: name, number, valid."""

    address: str
    pdf: str
    task: str
    anonymous: bool
    name: str
    born: dt.date | None
    sex: str
    alert: bool
    states: tuple[tuple[str, str], ...]
    idnums: tuple[tuple[str, str, bool], ...]
    added_by: str
    created: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of rows. `no_groups`: the user belongs to none, so nothing could ever be listed."""

    rows: tuple[Row, ...]
    newer: str
    older: str
    count: int | None
    restricted: bool
    no_groups: bool


def listing(
    request: Request, conn: Connection, asked: TaskFilter, *, limit: int, turn: Mapping[str, Any]
) -> Listing:
    """The page of tasks to which `turn` (parameters `newer` or `older`) leads."""
    user = request.reader
    page: Page = list_tasks(
        conn,
        site_of(request).database,
        user,
        asked,
        newer_than=_key(turn, "newer"),
        older_than=_key(turn, "older"),
        limit=limit,
    )
    return Listing(
        rows=tuple(_row(request, one) for one in page.rows),
        newer=str(page.newer or ""),
        older=str(page.older or ""),
        count=page.count,
        restricted=page.restricted,
        no_groups=not user.superuser and not user.memberships,
    )


def _key(turn: Mapping[str, Any], name: str) -> PageKey | None:
    place = text(turn, name)
    try:
        return PageKey.parse(place) if place else None
    except ValueError:
        raise refusal(name, "what the links to other pages hold") from None


def _row(request: Request, task: TaskRow) -> Row:
    patient = task.patient
    where = {"table": task.table_name, "pk": task.server_pk}
    return Row(
        address=request.route_path("task", **where),
        pdf=request.route_path("task_pdf", **where),
        task=task.short_name,
        anonymous=task.is_anonymous,
        name=patient_name(patient.surname, patient.forename)
        if patient
        else "Patient record missing",
        born=patient.dob if patient else None,
        sex=patient.sex if patient else "",
        alert=bool(task.has_alert),
        states=tuple(_states(task)),
        idnums=tuple(
            (one.short_description, id_number(one.value, one.validation_method), one.valid)
            for one in (patient.idnums if patient else ())
        ),
        added_by=task.added_by,
        created=task.created_iso,
    )


def _states(task: TaskRow) -> list[tuple[str, str]]:
    states = []
    if task.is_valid is False:
        states.append(("Invalid answer", "danger"))
    if not task.is_complete:
        states.append(("Incomplete", "attention"))
    if task.is_live:
        states.append(("Live on tablet", "muted"))
    return states
