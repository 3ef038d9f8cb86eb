# SPDX-License-Identifier: GPL-3.0-or-later
"""Clearing away what has run out: sessions, locks, old failures, events of long ago, uploads that were never
finished. Several processes may do so at once."""

import logging
from typing import Final

from camcops.accounts.housekeeping import clear_expired
from camcops.outbox import forget_done
from camcops.site import Site
from camcops.tablet_api.abandoned import drop_abandoned

log = logging.getLogger(__name__)

INTERVAL_S: Final = 3600.0


def keep_house(site: Site) -> int:
    """Clear away what has run out; how many unfinished uploads were dropped. It can run at any time."""
    minutes = site.settings.site.session_timeout_minutes
    site.database.write(lambda conn: clear_expired(conn, timeout_minutes=minutes))
    while site.database.write(forget_done):
        pass  # one portion a transaction
    dropped = drop_abandoned(site)
    if dropped:
        log.info("Uploads that were never finished, dropped: %d", dropped)
    return dropped
