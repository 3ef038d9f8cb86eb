# SPDX-License-Identifier: GPL-3.0-or-later
"""The index of current patients by name (`_patient_index`): what searches read instead of all patients."""

import sqlalchemy as sa

from camcops.db import rows as stored
from camcops.db.patient_names import add_missing, entry
from camcops.db.prepared import Prepared, prepared
from camcops.db.schema import patient_index
from camcops.records.changes import TableChange
from camcops.records.live_rows import LiveRows


def update(conn: sa.Connection, patients: TableChange | None, live: LiveRows) -> None:
    """Bring the index in step with changed patients: a statement for those edited, new, or gone."""
    if not patients or (not patients.removed and not patients.added):
        return
    added = set(patients.added.values())
    entries = {
        row["_pk"]: entry(row["_pk"], row["surname"], row["forename"])
        for row in live.of("patient")
        if row["_pk"] in added
    }
    edited = [
        {"earlier_pk": old, **_new(entries.pop(new))}
        for old, new in patients.replaced.items()
        if new in entries
    ]
    prepared(patient_index, "edited", _edit).run_each(conn, edited)
    stored.insert(conn, patient_index, list(entries.values()))
    stored.delete(conn, patient_index, "patient_pk", patients.deleted.values())


def rebuild(conn: sa.Connection) -> None:
    """Make the index anew from all current patients."""
    conn.execute(patient_index.delete())
    add_missing(conn)


def _edit() -> Prepared:
    columns = patient_index.c
    values = {c.name: sa.bindparam(f"new_{c.name}", type_=c.type) for c in columns}
    earlier = sa.bindparam("earlier_pk", type_=columns.patient_pk.type)
    return Prepared(patient_index.update().where(columns.patient_pk == earlier).values(values))


def _new(values: dict[str, object]) -> dict[str, object]:
    return {f"new_{name}": value for name, value in values.items()}
