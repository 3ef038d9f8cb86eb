# SPDX-License-Identifier: GPL-3.0-or-later
"""What must leave the server: written in the transaction that caused it, delivered by workers
afterwards.
"""

from camcops.outbox.delivery import Claim, claim, due, mark_done, mark_failed
from camcops.outbox.events import TaskEvent, announce
from camcops.outbox.settling import count_waiting, forget_done, settle_unwanted

__all__ = [
    "Claim",
    "TaskEvent",
    "announce",
    "claim",
    "count_waiting",
    "due",
    "forget_done",
    "mark_done",
    "mark_failed",
    "settle_unwanted",
]
