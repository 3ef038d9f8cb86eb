# SPDX-License-Identifier: GPL-3.0-or-later
"""Finalizing: moving rows out of their tablet's reach, into an era of their own."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.prepared import row_update, row_values
from camcops.db.schema import special_notes
from camcops.records.changes import TableChange, chunks
from camcops.records.lifecycle import NOW


def preserve(
    conn: sa.Connection,
    table: ClientTable,
    pks: Collection[int],
    *,
    era: str,
    user_id: int,
    forcibly: bool = False,
    successors: Mapping[int, int] | None = None,
) -> None:
    """Move rows, current or not, into an era; nothing else about them changes.

    Unless `successors` (`_pk` → `_pk`) are given: those rows are linked to them in the same statement.
    """
    columns = table.table.c
    values: dict[str, object] = {
        "_era": era,
        "_preserving_user_id": user_id,
        "_move_off_tablet": False,
        "_forcibly_preserved": forcibly,
    }
    statement = row_update(table.table, values)
    if successors:
        link = sa.case(dict(successors), value=columns._pk, else_=columns._successor_pk)
        statement = statement.values(_successor_pk=link)
    for chunk in chunks(pks):
        conn.execute(statement, row_values(values, chunk))


def move_special_notes(
    conn: sa.Connection,
    device_id: int,
    changes: Collection[TableChange],
    *,
    era: str,
    everything: bool,
) -> None:
    """Let notes follow the records they are about.

    `everything`: all of the device's notes in era NOW; else those on objects that were preserved.
    """
    columns = special_notes.c
    preserved = {(change.table.name, key) for change in changes for key in change.preserved_current}
    notes = conn.execute(
        sa.select(columns.note_id, columns.basetable, columns.task_id).where(
            columns.device_id == device_id, columns.era == NOW
        )
    ).all()
    moving = [note for note, table, key in notes if everything or (table, key) in preserved]
    for chunk in chunks(moving):
        conn.execute(special_notes.update().where(columns.note_id.in_(chunk)).values(era=era))
