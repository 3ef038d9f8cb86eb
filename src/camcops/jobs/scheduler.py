# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that does the recurring work: sealing the audit trail, and housekeeping.

Programs that serve do so too; this one goes on when none of them runs.
"""

import logging

from camcops.jobs.standing import run_until_told
from camcops.operation import housekeeping, sealer
from camcops.operation.recurring import recurring_work
from camcops.site import Site

log = logging.getLogger(__name__)


def run(site: Site) -> None:
    """Work until told to end."""
    log.info(
        "Scheduler: the audit trail is sealed each %.0f s, housekeeping done each %.0f s",
        sealer.INTERVAL_S,
        housekeeping.INTERVAL_S,
    )
    if site.settings.export.schedule:
        log.warning("SCHEDULE has no effect: this version of the program sends no exports")
    run_until_told(recurring_work(site, soon=True))
