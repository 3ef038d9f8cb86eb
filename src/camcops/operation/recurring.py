# SPDX-License-Identifier: GPL-3.0-or-later
"""What a serving process does beside serving, now and then, each in a thread of its own."""

import logging
import random
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from camcops.operation import housekeeping, sealer
from camcops.problems import Problem
from camcops.site import Site

log = logging.getLogger(__name__)


class Recurring:
    """A job that is done each `interval_s` seconds. A failure is logged, and the job tried again in time."""

    def __init__(self, name: str, job: Callable[[], object], interval_s: float) -> None:
        self._name = name
        self._job = job
        self._interval_s = interval_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End it, after what it is doing."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        # Processes that start together should not all try at the same moment.
        pause = random.uniform(0, self._interval_s)  # noqa: S311
        while not self._ending.wait(pause):
            pause = self._interval_s
            try:
                self._job()
            except Problem as problem:
                log.error("%s failed. %s", self._name, problem.message)
            except SQLAlchemyError:
                log.exception("%s failed", self._name)


def start_all(site: Site) -> None:
    """Begin everything that goes on beside serving."""
    jobs = (
        ("Sealing the audit trail", lambda: sealer.seal_if_due(site), sealer.INTERVAL_S),
        ("Housekeeping", lambda: housekeeping.keep_house(site), housekeeping.INTERVAL_S),
    )
    for name, job, interval_s in jobs:
        Recurring(name, job, interval_s).start()
