# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals that an auditor wants to see: attempts to get at what is not one's own."""

from typing import Final

import sqlalchemy as sa

from camcops.accounts.throttling import note_stranger
from camcops.accounts.users import User
from camcops.problems import (
    ACCESS_KEY_UNKNOWN,
    ANOTHER_DEVICE,
    ANOTHER_PATIENT,
    DEVICE_HOLDS_OTHERS,
    PATIENT_GONE,
    Problem,
)
from camcops.site import Site
from camcops.tablet_api.batches import find_device
from camcops.tablet_api.requests import TabletRequest

AUDITED: Final = (
    ACCESS_KEY_UNKNOWN,
    ANOTHER_DEVICE,
    ANOTHER_PATIENT,
    DEVICE_HOLDS_OTHERS,
    PATIENT_GONE,
)


def record_refusal(site: Site, request: TabletRequest, user: User | None, problem: Problem) -> None:
    """Audit a refusal, if it is one of `AUDITED`, in a transaction of its own; never the key tried.

    Somebody without an account who tries keys counts as a stranger who failed at that address.
    """
    if problem.kind not in AUDITED:
        return

    def work(conn: sa.Connection) -> None:
        if user is None and problem.kind is ACCESS_KEY_UNKNOWN:
            note_stranger(conn, request.remote_addr)
        device = find_device(conn, request.device_name or "", lock=False)
        site.audit.record(
            conn,
            source="tablet",
            remote_addr=request.remote_addr,
            user_id=user.id if user else None,
            device_id=device.id if device else None,
            patient_server_pk=user.single_patient_pk if user else None,
            details=f"{request.operation} refused ({problem.kind.code}), device {request.device_name}",
        )

    site.database.write(work)
