# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that goes on with its recurring work until it is told to end."""

import logging
import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import Final

from camcops.operation.recurring import Recurring

log = logging.getLogger(__name__)

PATIENCE_S: Final = 5.0
"""How long work that was begun may go on after the signal: supervisors kill after 10 s."""

LOOK_S: Final = 1.0
"""How often the main thread wakes: on Windows, signals reach it only then."""


def run_until_told(work: Sequence[Recurring], announcement: str) -> None:
    """Do the work until SIGTERM or Ctrl-C; returns within `PATIENCE_S` of it.

    The announcement is logged once signals are heeded: who has read it may send one. What is
    not done by the end is cut short: its transaction is undone by the database, and done again by whoever
    comes next.
    """
    ending = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ending.set()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):  # the last is Windows's
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    log.info(announcement)
    for recurring in work:
        recurring.start()
    while not ending.wait(LOOK_S):
        pass
    log.info("Asked to end")
    _stop(work)
    log.info("Stopped")


def _stop(work: Sequence[Recurring]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    for recurring in work:
        recurring.ask_to_stop()
    for recurring in work:
        if not recurring.stop(max(0.0, give_up_at - time.monotonic())):
            log.warning("%s was cut short; nothing is lost by that", recurring.name)
