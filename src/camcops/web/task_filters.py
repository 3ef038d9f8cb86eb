# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the task list: their state is the page's address, and each is one chip above the list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from webob.multidict import MultiDict

from camcops.documents.moments import date_text
from camcops.instruments.library import Library
from camcops.records.idnums import IdNumType
from camcops.records.task_filters import TaskFilter
from camcops.web import parameters
from camcops.web.words import SEXES, id_number

OFFERED = {
    "patient": ("surname", "forename", "dob", "sex"),
    "idnum": ("which_idnum", "idnum_value"),
    "task": ("tasks",),
    "created": ("created_from", "created_until"),
    "complete": ("complete_only",),
    "group": ("group_ids",),
}
"""Chips, with the parameters of the address that each stands for."""

LABELS = {
    "patient": "Patient",
    "idnum": "ID number",
    "task": "Task",
    "created": "Created",
    "complete": "Complete only",
    "group": "Group",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter: `shown` says in words what is set ('' if nothing), `others` are the pairs to keep when
    only this filter changes."""

    key: str
    label: str
    shown: str
    others: tuple[tuple[str, str], ...]


def asked_pairs(query: "MultiDict[str, str]") -> list[tuple[str, str]]:
    """The filters' parameters that the address really sets, in its order."""
    known = {name for names in OFFERED.values() for name in names}
    pairs = [(name, value) for name, value in query.items() if name in known and value.strip()]
    has_number = any(name == "idnum_value" for name, _ in pairs)
    return [pair for pair in pairs if has_number or pair[0] != "which_idnum"]


def read_filter(query: "MultiDict[str, str]", library: Library) -> TaskFilter:
    """What the address asks for. Raises `Problem(BAD_PARAMETER)` for anything that can't be meant."""
    number, which = (
        parameters.long_number(query, "idnum_value"),
        parameters.number(query, "which_idnum"),
    )
    if number is not None and which is None:
        raise parameters.refusal("which_idnum", "the type of the ID number")
    first, last = parameters.day(query, "created_from"), parameters.day(query, "created_until")
    return TaskFilter(
        surname=parameters.text(query, "surname"),
        forename=parameters.text(query, "forename"),
        dob=parameters.day(query, "dob"),
        sex=parameters.choice(query, "sex", tuple(SEXES)),
        idnums=((which, number),) if number is not None and which is not None else (),
        tables=_tables(query, library),
        created_from=_midnight(first) if first else None,
        created_until=_midnight(last + timedelta(days=1)) if last else None,
        complete_only=parameters.choice(query, "complete_only", ("1",)) is not None,
        group_ids=frozenset(
            value
            for text in query.getall("group_ids")
            if (value := parameters.number({"group_ids": text}, "group_ids")) is not None
        ),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time()).astimezone()


def _tables(query: "MultiDict[str, str]", library: Library) -> frozenset[str]:
    tables = frozenset(text for text in query.getall("tasks") if text.strip())
    if not all(table in library for table in tables):
        raise parameters.refusal("tasks", "names of instruments' tables")
    return tables


def chips(
    pairs: list[tuple[str, str]],
    asked: TaskFilter,
    library: Library,
    kinds: Mapping[int, IdNumType],
    groups: Mapping[int, str],
) -> list[Chip]:
    """All chips, set or not. `groups`: names of the groups whose tasks this user may see."""
    shown = {
        "patient": ", ".join(
            filter(
                None,
                (
                    asked.surname,
                    asked.forename,
                    f"born {date_text(asked.dob)}" if asked.dob else "",
                    SEXES.get(asked.sex or "", ""),
                ),
            )
        ),
        "idnum": ", ".join(
            f"{kinds[which].short_description if which in kinds else f'type {which}'} "
            f"{id_number(value, kinds[which].validation_method if which in kinds else '')}"
            for which, value in asked.idnums
        ),
        "task": ", ".join(sorted(library[table].short_name for table in asked.tables)),
        "created": _period(asked),
        "complete": "yes" if asked.complete_only else "",
        "group": ", ".join(
            sorted(groups.get(number, f"group {number}") for number in asked.group_ids)
        ),
    }
    return [
        Chip(key, LABELS[key], shown[key], tuple(pair for pair in pairs if pair[0] not in names))
        for key, names in OFFERED.items()
        if key != "group" or len(groups) > 1 or shown[key]
    ]


def _period(asked: TaskFilter) -> str:
    first = f"from {date_text(asked.created_from.date())}" if asked.created_from else ""
    last = asked.created_until - timedelta(days=1) if asked.created_until else None
    return f"{first} until {date_text(last.date())}".strip() if last else first
