# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody asks of a list of tasks, as values and as conditions on the index of tasks."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import sqlalchemy as sa

from camcops.accounts.permissions import Groups
from camcops.accounts.users import User
from camcops.db.database import Database
from camcops.db.patient_names import name_key
from camcops.db.schema import groups, idnum_index, patient, patient_index, task_index
from camcops.instruments.library import Library
from camcops.records.access import Reach, anonymous_tables, in_groups, reach_of


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """All parts must fit; of several ID numbers, tables, groups, devices or users, any will do.

    Names fit whole, without regard to capitals and accents. `created_from` is the first instant that fits,
    `created_until` the first that no longer does; both with their zones, or else in UTC. `idnums`:
    pairs of type and value.
    """

    surname: str | None = None
    forename: str | None = None
    dob: dt.date | None = None
    sex: str | None = None
    idnums: tuple[tuple[int, int], ...] = ()
    tables: frozenset[str] = frozenset()
    created_from: dt.datetime | None = None
    created_until: dt.datetime | None = None
    complete_only: bool = False
    group_ids: frozenset[int] = frozenset()
    device_ids: frozenset[int] = frozenset()
    user_ids: frozenset[int] = frozenset()

    @property
    def names_a_patient(self) -> bool:
        """Is it about somebody in particular? Only then may all visible groups be searched; sex
        alone is not enough.
        """
        return bool(self.surname or self.forename or self.dob or self.idnums)

    @property
    def is_about_patients(self) -> bool:
        """Does it leave out anonymous tasks?"""
        return self.names_a_patient or bool(self.sex)


@dataclass(frozen=True, slots=True)
class PageKey:
    """A place in a list that is ordered by creation (UTC, without a zone), then by index entry,
    newest first.
    """

    created_utc: dt.datetime
    entry_pk: int

    def __str__(self) -> str:
        return f"{self.created_utc:%Y%m%dT%H%M%S}-{self.entry_pk}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` made. Raises ValueError for anything else."""
        created, _, pk = text.partition("-")
        if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
            raise ValueError(text)
        return cls(dt.datetime.strptime(created, "%Y%m%dT%H%M%S"), int(pk))  # noqa: DTZ007

    def is_after(self) -> sa.ColumnElement[bool]:
        """The condition for what stands further down: older."""
        created, pk = task_index.c.when_created_utc, task_index.c.index_entry_pk
        return sa.and_(
            created <= self.created_utc, sa.or_(created < self.created_utc, pk < self.entry_pk)
        )

    def is_before(self) -> sa.ColumnElement[bool]:
        """The condition for what stands further up: newer."""
        created, pk = task_index.c.when_created_utc, task_index.c.index_entry_pk
        return sa.and_(
            created >= self.created_utc, sa.or_(created > self.created_utc, pk > self.entry_pk)
        )


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What a form may offer: groups (number → name) and tables of instruments, with short names,
    that have tasks.
    """

    groups: dict[int, str]
    instruments: dict[str, str]


def filter_choices(conn: sa.Connection, database: Database, user: User) -> FilterChoices:
    """The choices of a user (three statements): the own groups, and instruments used in visible
    ones.
    """
    reach = reach_of(conn, user)
    own: Groups = reach.visible if user.superuser else user.group_ids
    named = sa.select(groups.c.id, groups.c.name).where(in_groups(groups.c.id, own))
    return FilterChoices(
        {row.id: row.name for row in conn.execute(named.order_by(groups.c.name))},
        _instruments_present(conn, database.library, reach),
    )


def _instruments_present(conn: sa.Connection, library: Library, reach: Reach) -> dict[str, str]:
    present = conn.scalars(
        sa.select(task_index.c.task_table_name)
        .where(in_groups(task_index.c.group_id, reach.visible))
        .distinct()
    )
    names = {table: library[table].short_name for table in present if table in library}
    return dict(sorted(names.items(), key=lambda item: item[1].casefold()))


def conditions(
    asked: TaskFilter, library: Library, visible: Groups
) -> Iterator[sa.ColumnElement[bool]]:
    """The conditions of a filter on `_task_index`, but for instruments and groups (see `task_parts`).

    Only patients of `visible` groups can be named.
    """
    index = task_index.c
    if asked.is_about_patients:
        yield index.task_table_name.not_in(anonymous_tables(library))
    if (found := _patients(asked, visible)) is not None:
        yield index.patient_pk.in_(found)
    if asked.idnums:
        yield index.patient_pk.in_(_patients_with(asked.idnums))
    if asked.created_from:
        yield index.when_created_utc >= _utc(asked.created_from)
    if asked.created_until:
        yield index.when_created_utc < _utc(asked.created_until)
    if asked.complete_only:
        yield index.task_is_complete
    for column, wanted in (
        (index.device_id, asked.device_ids),
        (index.adding_user_id, asked.user_ids),
    ):
        if wanted:
            yield column.in_(sorted(wanted))


def _patients(asked: TaskFilter, visible: Groups) -> sa.Select[tuple[int]] | None:
    """Server keys of the patients whose own details are asked for; None if none are."""
    who: list[sa.ColumnElement[bool]] = []
    names = patient_index.c
    for column, text in (
        (names.surname_key, asked.surname),
        (names.forename_key, asked.forename),
    ):
        if text:
            # Of a text without letters there is no key; nobody fits it.
            who.append(column == (name_key(text) or None))
    is_named = bool(who)
    if asked.dob:
        who.append(patient.c.dob == asked.dob)
    if asked.sex:
        who.append(patient.c.sex == asked.sex)
    if not who:
        return None
    # "+ 0" keeps planners from starting with the group, whose patients are far more.
    seen = in_groups(patient.c._group_id + 0, visible)
    found = sa.select(patient.c._pk).where(patient.c._current, seen, *who)
    return found.join(patient_index, names.patient_pk == patient.c._pk) if is_named else found


def _patients_with(idnums: tuple[tuple[int, int], ...]) -> sa.Select[tuple[int | None]]:
    """Server keys of patients with any of these ID numbers."""
    number = idnum_index.c
    return sa.select(number.patient_pk).where(
        number.patient_pk.is_not(None),
        sa.or_(
            *(
                sa.and_(number.which_idnum == which, number.idnum_value == value)
                for which, value in idnums
            )
        ),
    )


def _utc(instant: dt.datetime) -> dt.datetime:
    """An instant as the index holds creation times: UTC without a zone, fractions of seconds cut
    off.
    """
    if instant.tzinfo is not None:
        instant = instant.astimezone(dt.UTC).replace(tzinfo=None)
    return instant.replace(microsecond=0)
