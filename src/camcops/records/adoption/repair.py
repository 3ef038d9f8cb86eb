# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing that CamCOPS 2.4 left wrong and that was put right, and how it is told."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa

from camcops.db.instants import utc_now
from camcops.db.keys import new_key
from camcops.db.schema import adoption_repairs, special_notes
from camcops.records.changes import chunks


class RepairKind(Enum):
    """What was wrong; the value stands in `_adoption_repairs.kind`, the text says what was done."""

    SAME_ERA = (
        "same_era",
        "finalized in the same second as others of the device: given an era of their own",
    )
    TWO_CURRENT = ("two_current", "older of two current versions: superseded by the newer one")
    ABANDONED_UPLOAD = (
        "abandoned_upload",
        "left by an upload that failed: marked, so that the device's next upload removes it",
    )
    STALE_MARK = (
        "stale_mark",
        "marked for finalizing by an upload that never did it: mark removed",
    )
    MARK_IN_UPLOAD = (
        "mark_in_upload",
        "marked for finalizing by an upload still open: it, or the next upload, now deals with it",
    )
    LEFT_BEHIND = (
        "left_behind",
        "old version left behind when its device's records were finalized: finalized with them",
    )
    NOTE_LEFT_BEHIND = (
        "note_left_behind",
        "note left behind when its record was finalized: follows it",
    )
    STALE_PATIENT = (
        "stale_patient",
        "indexed under an earlier version of the patient: indexed under the current one",
    )
    STALE_COMPLETENESS = (
        "stale_completeness",
        "indexed with a completeness that it no longer has: judged anew",
    )
    INDEX = ("index", "index entries missing or wrong: indexes built anew")

    def __init__(self, code: str, says: str) -> None:
        self.code = code
        self.says = says


@dataclass(frozen=True, slots=True)
class Repair:
    """A row that was altered (`server_pk`), or all rows of a device in a table (None), or `count` of them."""

    kind: RepairKind
    table: str
    device_id: int | None
    server_pk: int | None
    details: str
    count: int = 1


def record(conn: sa.Connection, repairs: Sequence[Repair]) -> None:
    """Write repairs down, in the transaction that makes them."""
    now = utc_now()
    for start in range(0, len(repairs), 10_000):
        conn.execute(
            adoption_repairs.insert(),
            [
                {
                    "repaired_at_utc": now,
                    "kind": one.kind.code,
                    "table_name": one.table,
                    "device_id": one.device_id,
                    "server_pk": one.server_pk,
                    "details": one.details,
                }
                for one in repairs[start : start + 10_000]
            ],
        )


def summary(repairs: Iterable[Repair]) -> list[str]:
    """A sentence for each table and kind of repair; no patient's data."""
    counted: Counter[tuple[str, RepairKind]] = Counter()
    for one in repairs:
        counted[one.table, one.kind] += one.count
    return [f"{table}: {count} × {kind.says}" for (table, kind), count in counted.items()]


def alter(
    conn: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]], columns: Sequence[str]
) -> None:
    """Set `columns` of rows found by `_pk`, each to its own values: one executemany a portion."""
    by_pk = {row["_pk"]: row for row in rows}
    statement = (
        table.update()
        .where(table.c._pk == sa.bindparam("row_pk"))
        .values({name: sa.bindparam(f"new_{name}") for name in columns})
    )
    for chunk in chunks(by_pk):
        conn.execute(
            statement,
            [
                {"row_pk": pk, **{f"new_{name}": by_pk[pk][name] for name in columns}}
                for pk in chunk
            ],
        )


def copy_note(conn: sa.Connection, note: Mapping[str, Any], era: str) -> int:
    """Add the same note (a row of `_special_notes`) in another era; its key."""
    values = {name: value for name, value in note.items() if name != "note_id"}
    return new_key(conn.execute(special_notes.insert().values(values | {"era": era})))
