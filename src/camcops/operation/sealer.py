# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealing the audit trail, once by hand and each minute beside the serving."""

import datetime as dt
import logging
from collections.abc import Iterator
from typing import Final

from camcops.audit.seal_file import append_seals
from camcops.audit.seals import Seal, latest_seal, seal_next
from camcops.db.instants import utc_now
from camcops.site import Site, audit_key

log = logging.getLogger(__name__)

INTERVAL_S: Final = 60.0
SOONEST: Final = dt.timedelta(seconds=50)
"""How old the newest seal must be before a process that serves makes another."""


def seal_all(site: Site) -> Iterator[Seal]:
    """Seal all rows there are, and bring the file of seals up to date; the seals that were made."""
    key = audit_key(site.settings.site)
    while (seal := seal_next(site.database, key)) is not None:
        yield seal
    if site.settings.site.audit_seal_file is not None:
        append_seals(site.database, site.settings.site.audit_seal_file)


def seal_if_due(site: Site) -> None:
    """Seal, unless another process has just done so."""
    last = site.database.read(latest_seal)
    now = utc_now()
    # A seal of the future means that a clock was put back: no reason to wait for that time.
    if last is not None and last.sealed_at_utc <= now < last.sealed_at_utc + SOONEST:
        return
    for seal in seal_all(site):
        log.debug("Seal %d of the audit trail: %d rows", seal.number, seal.row_count)
