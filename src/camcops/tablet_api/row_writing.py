# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements by which an upload writes to one client table: by server key only, never by a search."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from camcops.accounts.users import User
from camcops.audit.trail import AuditTrail
from camcops.db import rows as stored
from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.records import blob_writing
from camcops.records.lifecycle import NOW, iso_text
from camcops.tablet_api.batches import Device


@dataclass(frozen=True, slots=True)
class Upload:
    """Who uploads from where into which group, and when; and what to write with."""

    conn: sa.Connection
    database: Database
    audit: AuditTrail
    device: Device
    user: User
    group_id: int
    tablet_version: str
    remote_addr: str | None
    batch: dt.datetime
    """The upload's instant: UTC without a zone, whole seconds."""
    exact: dt.datetime
    """The instant of the request that commits it."""
    digest: str | None = None
    """Of the whole upload, once it is known."""

    @property
    def addition(self) -> dict[str, Any]:
        """What a row that becomes current gets."""
        return {
            "_current": True,
            "_addition_pending": False,
            "_adding_user_id": self.user.id,
            "_when_added_exact": iso_text(self.exact),
            "_when_added_batch_utc": self.batch,
        }

    @property
    def removal(self) -> dict[str, Any]:
        """What a row that ceases to be current gets."""
        return {
            "_current": False,
            "_removal_pending": False,
            "_removing_user_id": self.user.id,
            "_when_removed_exact": iso_text(self.exact),
            "_when_removed_batch_utc": self.batch,
        }

    @property
    def origin(self) -> dict[str, Any]:
        """What every inserted row gets."""
        return {
            "_device_id": self.device.id,
            "_era": NOW,
            "_group_id": self.group_id,
            "_camcops_version": self.tablet_version,
            "_removal_pending": False,
            "_manually_erased": False,
            "_forcibly_preserved": False,
        }


def insert_rows(
    conn: sa.Connection,
    table: ClientTable,
    rows: Sequence[Mapping[str, Any]],
    common: Mapping[str, Any],
) -> None:
    """Insert rows that all have the same columns, and what is `common` to them."""
    if table.kind == "blobs":
        blob_writing.insert(conn, [{**common, **row} for row in rows])
    else:
        stored.insert(conn, table.table, rows, common)


def update_rows(
    conn: sa.Connection, table: ClientTable, pks: Collection[int], values: Mapping[str, Any]
) -> None:
    """Set the same values in rows chosen by server key."""
    stored.update(conn, table.table, pks, values)


def link_successors(
    conn: sa.Connection,
    table: ClientTable,
    successors: Mapping[int, int],
    values: Mapping[str, Any] | None = None,
) -> None:
    """Tell replaced rows (`_pk`) which rows replaced them, and set further values in them."""
    stored.link(conn, table.table, "_successor_pk", successors, values)
