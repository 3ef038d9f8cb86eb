# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads that a tablet began and never finished: after long enough, what they left is removed.

Nothing of them was ever visible. A tablet that comes back begins anew anyway.
"""

import datetime as dt
import functools
from typing import Final

import sqlalchemy as sa

from camcops.db.instants import utc_now
from camcops.db.schema import devices
from camcops.site import Site
from camcops.tablet_api import batches

ABANDONED_AFTER: Final = dt.timedelta(days=30)


def drop_abandoned(site: Site, *, now: dt.datetime | None = None) -> int:
    """Undo uploads that began more than `ABANDONED_AFTER` ago; how many there were.

    `now` is UTC without a zone. Each is a transaction of its own, audited.
    """
    before = (now or utc_now()) - ABANDONED_AFTER
    columns = devices.c
    overdue = sa.select(columns.name).where(columns.ongoing_upload_batch_utc < before)
    names = site.database.read(lambda conn: list(conn.scalars(overdue)))

    def drop(conn: sa.Connection, name: str) -> bool:
        device = batches.find_device(conn, name, lock=True)
        if device is None or device.batch is None or device.batch >= before:
            return False
        batches.abandon(conn, site.database, device)
        site.audit.record(
            conn,
            source="console",
            device_id=device.id,
            table_name=devices.name,
            server_pk=device.id,
            details=f"Upload begun at {device.batch} UTC was never finished: dropped",
        )
        return True

    return sum(site.database.write(functools.partial(drop, name=name)) for name in names)
