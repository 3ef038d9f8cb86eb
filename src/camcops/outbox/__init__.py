# SPDX-License-Identifier: GPL-3.0-or-later
"""What must leave the server: written in the transaction that caused it, delivered by workers
afterwards.
"""

from camcops.outbox.delivery import Claim, claim, due, mark_done, mark_failed
from camcops.outbox.events import TaskEvent, announce

__all__ = ["Claim", "TaskEvent", "announce", "claim", "due", "mark_done", "mark_failed"]
