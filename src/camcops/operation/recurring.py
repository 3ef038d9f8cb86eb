# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done now and then, each in a thread of its own: beside serving, or in a process for it alone.

Any number of processes may do so on one database: each job is written so that they share or repeat the work
without harm.
"""

import logging
import random
import threading
from collections.abc import Callable

from camcops.operation import housekeeping, sealer
from camcops.problems import Problem
from camcops.site import Site

log = logging.getLogger(__name__)


class Recurring:
    """A job that is done each `interval_s` seconds. A failure is logged, and the job tried again in time.

    A failure that goes on is logged once, and so is its end. `first_s`: seconds until the first time; None:
    at some moment within the interval, as processes that start together should not all try at once.
    """

    def __init__(
        self,
        name: str,
        job: Callable[[], object],
        interval_s: float,
        *,
        first_s: float | None = None,
    ) -> None:
        self.name = name
        self._job = job
        self._interval_s = interval_s
        self._first_s = first_s
        self._failure: str | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let it end after what it is doing."""
        self._ending.set()

    def stop(self, patience_s: float | None = None) -> bool:
        """End it, after what it is doing; False if that takes longer than `patience_s`."""
        self.ask_to_stop()
        self._thread.join(patience_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause = self._first_s
        if pause is None:
            pause = random.uniform(0, self._interval_s)  # noqa: S311
        while not self._ending.wait(pause):
            pause = self._interval_s
            self._try()

    def _try(self) -> None:
        try:
            self._job()
        except Problem as problem:
            if self._is_new(problem.message):
                log.error("%s failed. %s", self.name, problem.message)
        except Exception as error:  # or the job would never be done again
            if self._is_new(type(error).__name__):
                log.exception("%s failed", self.name)
        else:
            if self._failure is not None:
                log.info("%s: all is well again", self.name)
            self._failure = None

    def _is_new(self, failure: str) -> bool:
        if failure == self._failure:
            log.debug("%s failed again", self.name)
            return False
        self._failure = failure
        return True


def recurring_work(site: Site, *, soon: bool = False) -> list[Recurring]:
    """What every installation needs done. `soon`: the first time at once, not within the interval."""
    first_s = 0.0 if soon else None
    return [
        Recurring(
            "Sealing the audit trail",
            lambda: sealer.seal_if_due(site),
            sealer.INTERVAL_S,
            first_s=first_s,
        ),
        Recurring(
            "Housekeeping",
            lambda: housekeeping.keep_house(site),
            housekeeping.INTERVAL_S,
            first_s=first_s,
        ),
    ]


def start_all(site: Site) -> None:
    """Begin everything that goes on beside serving."""
    for recurring in recurring_work(site):
        recurring.start()
