# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices and their upload batches: locking, beginning, undoing what an abandoned upload left behind."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from camcops.accounts.users import User
from camcops.db import rows as stored
from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.prepared import Prepared
from camcops.db.schema import device_tables, devices, dirty_tables
from camcops.problems import NO_UPLOAD_IN_PROGRESS, Problem
from camcops.records.lifecycle import batch_time
from camcops.records.live_rows import now_rows

_NO_BATCH: Mapping[str, object] = {
    "ongoing_upload_batch_utc": None,
    "uploading_user_id": None,
    "currently_preserving": False,
    "upload_digest": None,
}


@dataclass(frozen=True, slots=True)
class Device:
    """A registered device, with its upload in progress if it has one. Instants are UTC."""

    id: int
    name: str
    last_batch: dt.datetime | None
    batch: dt.datetime | None
    uploading_user_id: int | None
    upload_digest: str | None
    """Of the upload in progress."""
    finalized_digest: str | None
    """Of the last upload, if that finalized anything."""
    policies_accepted: str | None
    """JSON of the policies that its patients satisfied when it last asked."""
    preserving: bool


@dataclass(frozen=True, slots=True)
class PendingWork:
    """Tables with unfinished work of a device's batch, and tables with live rows of the device."""

    dirty: frozenset[str]
    live: frozenset[str]


_DEVICE = sa.select(
    devices.c.id,
    devices.c.name,
    devices.c.last_upload_batch_utc,
    devices.c.ongoing_upload_batch_utc,
    devices.c.uploading_user_id,
    devices.c.upload_digest,
    devices.c.finalized_digest,
    devices.c.policies_accepted,
    devices.c.currently_preserving,
).where(devices.c.name == sa.bindparam("wanted"))
_FREE_DEVICE, _LOCKED_DEVICE = Prepared(_DEVICE), Prepared(_DEVICE.with_for_update())
_PENDING = Prepared(
    sa.union_all(
        sa.select(sa.literal(1).label("dirty"), dirty_tables.c.tablename).where(
            dirty_tables.c.device_id == sa.bindparam("device")
        ),
        sa.select(sa.literal(0), device_tables.c.tablename).where(
            device_tables.c.device_id == sa.bindparam("device")
        ),
    )
)


def find_device(conn: sa.Connection, name: str, *, lock: bool) -> Device | None:
    """A device by name. With `lock`, nobody else can upload from it until the transaction ends."""
    query = _LOCKED_DEVICE if lock else _FREE_DEVICE
    for row in query.rows(conn, {"wanted": name}):
        if row[1] == name:
            return Device(*(*row[:-1], bool(row[-1])))
    return None


def require_batch(device: Device, user: User) -> dt.datetime:
    """The instant of this user's upload in progress on this device. Raises `Problem` if there is none."""
    if device.batch is None or device.uploading_user_id != user.id:
        raise Problem(NO_UPLOAD_IN_PROGRESS)
    return device.batch


def begin(conn: sa.Connection, database: Database, device: Device, user: User) -> None:
    """Begin a batch; an earlier one of the device, whoever's it was, is undone."""
    roll_back(conn, database, device.id, pending_work(conn, device.id).dirty)
    # A multi-step upload learns only later whether it makes an era.
    batch = batch_time(utc_now(), device.last_batch, makes_era=True)
    _update(
        conn,
        device.id,
        last_upload_batch_utc=batch,
        ongoing_upload_batch_utc=batch,
        uploading_user_id=user.id,
        currently_preserving=False,
        upload_digest=None,
    )


def note_digest(conn: sa.Connection, device: Device, digest: str) -> None:
    """Keep the digest of the upload in progress."""
    _update(conn, device.id, upload_digest=digest)


def note_policies(conn: sa.Connection, device: Device, accepted: str) -> None:
    """Keep the policies that the device's patients satisfy (JSON)."""
    if accepted != device.policies_accepted:
        _update(conn, device.id, policies_accepted=accepted)


def begin_preserving(conn: sa.Connection, device: Device) -> None:
    """From now on, the device's batch finalizes everything the device has in era NOW."""
    _update(conn, device.id, currently_preserving=True)


def finish(
    conn: sa.Connection,
    device: Device,
    batch: dt.datetime,
    *,
    finalized_digest: str | None,
    policies: str | None,
) -> None:
    """No batch is in progress any more; the last one was that of `batch`.

    `finalized_digest` and `policies`: as in `Device`, from now on.
    """
    _update(
        conn,
        device.id,
        last_upload_batch_utc=batch,
        finalized_digest=finalized_digest,
        policies_accepted=policies,
        **_NO_BATCH,
    )


def abandon(conn: sa.Connection, database: Database, device: Device) -> None:
    """End a device's batch, if it has one, without any effect."""
    roll_back(conn, database, device.id, pending_work(conn, device.id).dirty)
    if device.batch is not None:
        _update(conn, device.id, **_NO_BATCH)


def pending_work(conn: sa.Connection, device_id: int) -> PendingWork:
    """What a device has in progress and in era NOW (one statement)."""
    found = _PENDING.rows(conn, {"device": device_id})
    return PendingWork(
        dirty=frozenset(name for dirty, name in found if dirty),
        live=frozenset(name for dirty, name in found if not dirty),
    )


def mark_dirty(conn: sa.Connection, device_id: int, names: Collection[str]) -> None:
    """Note that the batch has work to do in tables not noted yet."""
    if names:
        rows = [{"device_id": device_id, "tablename": name} for name in sorted(names)]
        stored.insert(conn, dirty_tables, rows)


def clean(conn: sa.Connection, device_id: int, dirty: Collection[str]) -> None:
    """Empty the device's list of dirty tables."""
    if dirty:
        stored.delete(conn, dirty_tables, "device_id", [device_id])


def roll_back(
    conn: sa.Connection, database: Database, device_id: int, dirty: Collection[str]
) -> None:
    """Undo what an unfinished upload did; live rows are again as the last finished upload left them."""
    for name, table in database.tables.items() if dirty else ():
        if name in dirty:
            undo_table(conn, table, device_id)
    clean(conn, device_id, dirty)


def undo_table(conn: sa.Connection, table: ClientTable, device_id: int) -> None:
    """Undo an unfinished upload's work in one table."""
    rows = now_rows(conn, table, device_id)
    stored.delete(conn, table.table, "_pk", [row.pk for row in rows if row.addition_pending])
    kept = [row for row in rows if not row.addition_pending]
    values = {"_removal_pending": False, "_successor_pk": None, "_move_off_tablet": False}
    stored.update(conn, table.table, [row.pk for row in kept if row.removal_pending], values)
    moving = [row.pk for row in kept if row.move_off and not row.removal_pending]
    stored.update(conn, table.table, moving, {"_move_off_tablet": False})


def _update(conn: sa.Connection, device_id: int, **values: object) -> None:
    stored.update(conn, devices, [device_id], values, key="id")
