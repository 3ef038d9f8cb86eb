# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that settles the outbox, where each task that is added or finalized leaves an event."""

import logging
from typing import Final

from camcops.jobs.standing import run_until_told
from camcops.operation.recurring import Recurring
from camcops.outbox import count_waiting, settle_unwanted
from camcops.site import Site

log = logging.getLogger(__name__)

INTERVAL_S: Final = 5.0


def run(site: Site) -> None:
    """Work until told to end."""
    names = site.settings.export.recipients
    if names:
        log.warning(
            "RECIPIENTS names %s, but this version of the program can't send anything yet: "
            "events stay in the outbox until one that can is installed",
            ", ".join(names),
        )
        run_until_told(
            [Recurring("Looking at the outbox", lambda: tell(site), 3600, first_s=0)],
            "Workers: events stay in the outbox",
        )
        return
    run_until_told(
        [Recurring("Settling the outbox", lambda: settle(site), INTERVAL_S, first_s=0)],
        "Workers: RECIPIENTS is empty, so events of the outbox are settled "
        f"each {INTERVAL_S:.0f} s",
    )


def settle(site: Site) -> int:
    """Settle all events that are due and that nobody wants; how many that were."""
    count = 0
    while portion := site.database.write(settle_unwanted):
        count += portion
    if count:
        log.info("Events of the outbox that no recipient wants, settled: %d", count)
    return count


def tell(site: Site) -> None:
    """Say in the log how many events wait."""
    log.info("Events that wait in the outbox: %d", site.database.read(count_waiting))
