# SPDX-License-Identifier: GPL-3.0-or-later
"""Finalizing: moving rows out of their tablet's reach, into an era of their own."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa

from camcops.db import rows
from camcops.db.client_tables import ClientTable
from camcops.db.schema import special_notes
from camcops.records.changes import TableChange


def preserve(
    conn: sa.Connection,
    table: ClientTable,
    pks: Collection[int],
    *,
    era: str,
    user_id: int,
    forcibly: bool = False,
    successors: Mapping[int, int] = MappingProxyType({}),
    removal: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Move rows, current or not, into an era; nothing else about them changes.

    Unless they have `successors` (`_pk` → `_pk`): then they are linked to these and cease to be current
    (`removal`) at the same time.
    """
    values: dict[str, object] = {
        "_era": era,
        "_preserving_user_id": user_id,
        "_move_off_tablet": False,
        "_forcibly_preserved": forcibly,
    }
    rows.link(conn, table.table, "_successor_pk", successors, {**values, **removal})
    rows.update(conn, table.table, [pk for pk in pks if pk not in successors], values)


@dataclass(frozen=True, slots=True)
class Note:
    """A special note on a record: the record's table, and the tablet's key in it."""

    id: int
    table: str
    key: int


def move_special_notes(
    conn: sa.Connection,
    notes: Iterable[Note],
    changes: Collection[TableChange],
    *,
    era: str,
    everything: bool,
) -> None:
    """Let notes (a device's, on records in era NOW) follow the records they are about.

    `everything`: all of them; else those on objects that were preserved.
    """
    preserved = {(change.table.name, key) for change in changes for key in change.preserved_current}
    moving = [note.id for note in notes if everything or (note.table, note.key) in preserved]
    rows.update(conn, special_notes, moving, {"era": era}, key="note_id")
