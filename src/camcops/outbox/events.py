# SPDX-License-Identifier: GPL-3.0-or-later
"""Events that others outside the server may want to hear of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import sqlalchemy as sa

from camcops.db import rows
from camcops.db.instants import utc_now
from camcops.db.schema import outbox

WAITING: Final = "waiting"
CLAIMED: Final = "claimed"
DONE: Final = "done"
FAILED: Final = "failed"

EventKind = Literal["task_added", "task_finalized"]


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """Something happened to a task: which one (table and server key), from which device, of which
    group.
    """

    kind: EventKind
    table_name: str
    server_pk: int
    device_id: int
    group_id: int


def announce(conn: sa.Connection, events: Sequence[TaskEvent]) -> None:
    """Put events into the outbox, in the transaction that caused them (one statement for all)."""
    if not events:
        return
    now = utc_now()
    rows.insert(
        conn,
        outbox,
        [
            {
                "kind": event.kind,
                "table_name": event.table_name,
                "server_pk": event.server_pk,
                "device_id": event.device_id,
                "group_id": event.group_id,
            }
            for event in events
        ],
        common={"created_at_utc": now, "state": WAITING, "due_at_utc": now, "attempts": 0},
    )
