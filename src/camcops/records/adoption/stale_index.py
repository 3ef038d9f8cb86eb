# SPDX-License-Identifier: GPL-3.0-or-later
"""What the indexes of CamCOPS 2.4 did not follow: edited patients, and tasks completed by their child rows.

It renews an entry only when the task or ID number itself is uploaded anew.
"""

import sqlalchemy as sa

from camcops.db.schema import idnum_index, patient, patient_idnum, task_index
from camcops.records.adoption.repair import Repair, RepairKind
from camcops.records.scoring import Judged


def patients(conn: sa.Connection) -> list[Repair]:
    """Each task and ID number that is indexed under an earlier version of its patient."""
    entry, number = task_index.c, idnum_index.c
    tasks = (
        sa.select(entry.task_table_name, entry.device_id, entry.task_pk, entry.patient_pk)
        .join(patient, patient.c._pk == entry.patient_pk)
        .where(sa.not_(patient.c._current))
        .order_by(entry.index_entry_pk)
    )
    numbers = (
        sa.select(
            sa.literal(patient_idnum.name), patient.c._device_id, number.idnum_pk, number.patient_pk
        )
        .join(patient, patient.c._pk == number.patient_pk)
        .where(sa.not_(patient.c._current))
        .order_by(number.idnum_pk)
    )
    return [
        Repair(RepairKind.STALE_PATIENT, table, device, pk, f"was indexed under patient {person}")
        for query in (tasks, numbers)
        for table, device, pk, person in conn.execute(query)
    ]


def completeness(judged: Judged) -> Repair:
    """A task that is indexed as complete and isn't, or the other way round."""
    row = judged.row
    return Repair(
        RepairKind.STALE_COMPLETENESS,
        judged.table.name,
        row["_device_id"],
        row["_pk"],
        f"now indexed as {'complete' if judged.is_complete else 'incomplete'}",
    )
