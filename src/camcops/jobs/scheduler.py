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
    if site.settings.export.schedule:
        log.warning("SCHEDULE has no effect: this version of the program sends no exports")
    run_until_told(
        recurring_work(site, soon=True),
        f"Scheduler: the audit trail is sealed each {sealer.INTERVAL_S:.0f} s, "
        f"housekeeping done each {housekeeping.INTERVAL_S:.0f} s",
    )
