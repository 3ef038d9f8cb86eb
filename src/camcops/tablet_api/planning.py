# SPDX-License-Identifier: GPL-3.0-or-later
"""Deciding what a table's records mean, given the rows that are there. Pure: no database.

A record that is not there yet is *new*. One that is there with the same instant of last modification is
*unchanged*, whatever else it holds; with another instant it is *modified*: a new row replaces the old one.
A live row that the tablet no longer has is *absent*.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from camcops.db.client_tables import ClientTable
from camcops.problems import ID_NUMBER_REFUSED, Problem
from camcops.records.idnums import why_invalid
from camcops.records.lifecycle import client_columns, same_instant
from camcops.records.live_rows import NowRow
from camcops.tablet_api.incoming import Record

_ABSENT = "camcops_absent_record"


@dataclass(frozen=True, slots=True)
class Insertion:
    """A row to write, and the row it replaces, if any."""

    record: Record
    replaces: NowRow | None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A record that is there already, and the row that it is."""

    row: NowRow
    record: Record


@dataclass(slots=True)
class Plan:
    """What to do about one table."""

    insertions: list[Insertion] = field(default_factory=list)
    absent: list[NowRow] = field(default_factory=list)
    moving: list[NowRow] = field(default_factory=list)
    """Unchanged rows that the tablet wants to see finalized."""
    unchanged: list[Unchanged] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.insertions or self.absent or self.moving)

    @property
    def replaced(self) -> list[NowRow]:
        return [one.replaces for one in self.insertions if one.replaces is not None]


def plan(records: Mapping[int, Record], existing: Iterable[NowRow], *, whole_table: bool) -> Plan:
    """Compare records with the device's rows; `whole_table`: rows without a record are absent."""
    current = {row.key: row for row in existing if row.current}
    made = Plan()
    for key, record in records.items():
        row = current.get(key)
        if row is None or not same_instant(row.when_modified, record.when_modified):
            made.insertions.append(Insertion(record, row))
            continue
        made.unchanged.append(Unchanged(row, record))
        if record.move_off:
            made.moving.append(row)
    if whole_table:
        made.absent = [row for key, row in current.items() if key not in records]
    return made


def check_id_numbers(insertions: Iterable[Insertion], methods: Mapping[int, str]) -> None:
    """Raise `Problem` for a new or modified ID number whose type is unknown or whose value is invalid.

    `methods`: validation methods of all types.
    """
    for insertion in insertions:
        values = insertion.record.values
        which, value = values["which_idnum"], values.get("idnum_value")
        assert isinstance(which, int)
        assert value is None or isinstance(value, int)
        method = methods.get(which)
        reason = (
            "there is no such type on this server" if method is None else why_invalid(method, value)
        )
        if reason is not None:
            raise Problem(ID_NUMBER_REFUSED, which=which, value=value, reason=reason)


def new_rows(table: ClientTable, insertions: Iterable[Insertion]) -> list[dict[str, Any]]:
    """The rows to insert, each with all columns that a tablet sends; a row that replaces one names it.

    What they have in common is not in them.
    """
    absent = _absent(table)
    rows = [
        {
            **absent,
            **one.record.values,
            "_predecessor_pk": one.replaces.pk if one.replaces else None,
        }
        for one in insertions
    ]
    if table.kind == "patient":
        for row in rows:
            row["uuid"] = uuid.uuid4().hex
    return rows


def _absent(table: ClientTable) -> Mapping[str, Any]:
    """A record without any value. All rows of a table have the same columns, whatever a tablet sent."""
    known = table.table.info
    if _ABSENT not in known:
        known[_ABSENT] = dict.fromkeys(sorted(client_columns(table)))
    values: Mapping[str, Any] = known[_ABSENT]
    return values
