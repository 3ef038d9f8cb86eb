# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upload must know before it writes, read with one statement once its device is locked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeEngine

from camcops.db.prepared import Prepared
from camcops.db.schema import (
    device_tables,
    dirty_tables,
    groups,
    idnum_definitions,
    special_notes,
    task_index,
)
from camcops.records.lifecycle import NOW
from camcops.records.preservation import Note
from camcops.records.task_index import Entry
from camcops.tablet_api.batches import PendingWork
from camcops.tablet_api.policy_check import Policies

_SOURCES: tuple[tuple[Sequence[sa.Column[Any]], str], ...] = (
    ((dirty_tables.c.tablename,), "device_id"),
    ((device_tables.c.tablename,), "device_id"),
    (
        (
            task_index.c.index_entry_pk,
            task_index.c.task_table_name,
            task_index.c.task_pk,
            task_index.c.patient_pk,
        ),
        "device_id",
    ),
    ((special_notes.c.note_id, special_notes.c.basetable, special_notes.c.task_id), "device_id"),
    ((groups.c.upload_policy, groups.c.finalize_policy), "id"),
    ((idnum_definitions.c.which_idnum, idnum_definitions.c.validation_method), ""),
)
"""Of each table: what is read, and which column says whose it is."""

_DIRTY, _LIVE, _ENTRIES, _NOTES, _POLICIES, _IDNUM_TYPES = range(len(_SOURCES))


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand with a device, and what its user's group demands."""

    pending: PendingWork
    entries: Sequence[Entry]
    """Of its tasks in era NOW, in the index."""
    notes: Sequence[Note]
    """On its records in era NOW."""
    policies: Policies
    """Those in force now. A group that is gone has none, which satisfies nobody."""
    validation_methods: Mapping[int, str]
    """By type of ID number, all there are."""


def read(conn: sa.Connection, device_id: int, group_id: int) -> Standing:
    found: defaultdict[int, list[Sequence[Any]]] = defaultdict(list)
    for source, *values in _EVERYTHING.rows(conn, {"device": device_id, "group": group_id}):
        start, length = _PLACES[source]
        found[source].append(values[start : start + length])
    [upload_policy, finalize_policy] = found[_POLICIES][0] if found[_POLICIES] else ("", "")
    return Standing(
        pending=PendingWork(
            dirty=frozenset(name for [name] in found[_DIRTY]),
            live=frozenset(name for [name] in found[_LIVE]),
        ),
        entries=[Entry(*values) for values in found[_ENTRIES]],
        notes=[Note(*values) for values in found[_NOTES]],
        policies=Policies(group_id, upload_policy or "", finalize_policy or ""),
        validation_methods={which: method or "" for which, method in found[_IDNUM_TYPES]},
    )


def _union() -> sa.CompoundSelect[Any]:
    """All of it: a number for the source, then each source's columns beside those of the others.

    They don't share columns, since tables of an adopted database may sort text in different ways, which
    MariaDB does not unite.
    """
    return sa.union_all(*(_part(number) for number in range(len(_SOURCES))))


class _Nothing(sa.ColumnElement[Any]):
    """NULL, of a type where a database asks for one. Elsewhere a cast would bring a sort order along."""

    inherit_cache = False

    def __init__(self, kind: TypeEngine[Any]) -> None:
        self.type = kind


@compiles(_Nothing)
def _plain(_nothing: _Nothing, _compiler: Any, **_options: Any) -> str:
    return "NULL"


@compiles(_Nothing, "postgresql")
def _typed(nothing: _Nothing, compiler: Any, **_options: Any) -> str:
    return f"CAST(NULL AS {compiler.dialect.type_compiler_instance.process(nothing.type)})"


def _part(number: int) -> sa.Select[Any]:
    columns: list[sa.ColumnElement[Any]] = [sa.literal_column(str(number)).label("source")]
    for other, (wanted, _) in enumerate(_SOURCES):
        columns += [
            (column if other == number else _Nothing(column.type)).label(f"{other}_{place}")
            for place, column in enumerate(wanted)
        ]
    wanted, owner = _SOURCES[number]
    table = wanted[0].table
    query = sa.select(*columns).select_from(table)
    if owner:
        whose = "group" if table is groups else "device"
        query = query.where(table.c[owner] == sa.bindparam(whose))
    if "era" in table.c:
        query = query.where(table.c.era == NOW)
    return query


def _places() -> list[tuple[int, int]]:
    """Where each source's values begin in a row, and how many they are."""
    lengths = [len(wanted) for wanted, _ in _SOURCES]
    return [(sum(lengths[:number]), length) for number, length in enumerate(lengths)]


_EVERYTHING = Prepared(_union())
_PLACES = _places()
