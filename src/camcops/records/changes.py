# SPDX-License-Identifier: GPL-3.0-or-later
"""What one transaction does to a device's rows of one table, for the indexes, scores, events and audit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from camcops.db.client_tables import ClientTable

Owner: TypeAlias = tuple[str, int]
"""Whose a row is: the owner's table (a task's, a child's, or `patient`) and the tablet's key in it."""

_CHUNK = 10_000


@dataclass(slots=True)
class TableChange:
    """Rows by the tablet's key (`id`) and by server key (`_pk`); all were in era NOW before.

    `owners` are the objects that an added or removed row of this table belongs to.
    """

    table: ClientTable
    added: dict[int, int] = field(default_factory=dict)
    """`id` → `_pk` of rows that became current."""
    replaced: dict[int, int] = field(default_factory=dict)
    """`_pk` of an earlier version → `_pk` of the version that replaced it."""
    deleted: dict[int, int] = field(default_factory=dict)
    """`id` → `_pk` of rows that ceased to be current without a successor."""
    preserved: set[int] = field(default_factory=set)
    """`_pk` of all rows, current or not, that moved into the new era."""
    preserved_current: dict[int, int] = field(default_factory=dict)
    """`id` → `_pk` of the current ones among them."""
    settled: set[int] = field(default_factory=set)
    """Those of `preserved` that were written into the new era already."""
    unlinked: dict[int, int] = field(default_factory=dict)
    """Those of `replaced` whose end and successor are still to be written, when they are preserved."""
    backwards: set[int] = field(default_factory=set)
    """`_pk` of added rows that replaced one with a later time of modification: the clock was put back."""
    remaining: int = 0
    """How many rows the device still has in era NOW, current or not."""
    owners: set[Owner] = field(default_factory=set)

    @property
    def removed(self) -> set[int]:
        """`_pk` of all rows that ceased to be current."""
        return {*self.replaced, *self.deleted.values()}

    @property
    def changed_keys(self) -> set[int]:
        """`id` of all objects that were added, modified or deleted."""
        return {*self.added, *self.deleted}

    def __bool__(self) -> bool:
        return bool(self.added or self.replaced or self.deleted or self.preserved)


def owner_columns(table: ClientTable) -> tuple[str, ...]:
    """The columns that say whose a row of the table is."""
    if table.child is not None:
        return (table.child.link,)
    return {"blobs": ("tablename", "tablepk"), "idnum": ("patient_id",)}.get(table.kind, ())


def owner_of(table: ClientTable, key: int, values: tuple[object, ...]) -> Owner | None:
    """Whose a row is, from its own key and its `owner_columns`; a patient's rows are the patient's own."""
    if table.child is not None and table.instrument is not None:
        return (table.instrument.table, _key(values[0]))
    if table.kind == "blobs":
        return (str(values[0]), _key(values[1]))
    if table.kind in ("patient", "idnum"):
        return ("patient", key if table.kind == "patient" else _key(values[0]))
    return None


def chunks(keys: Iterable[int]) -> Iterator[list[int]]:
    """Keys in portions that one statement's parameters can take on every database."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


def _key(value: object) -> int:
    assert isinstance(value, int)
    return value
