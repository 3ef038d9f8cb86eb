# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of an installation at a glance, by queries that stay cheap however large it is."""

import datetime as dt
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from camcops import __version__
from camcops.audit.seals import latest_seal
from camcops.db.instants import utc_at, utc_now
from camcops.db.schema import account_lockouts, audit, devices, outbox, sessions, users
from camcops.db.state import REVISION
from camcops.operation.programs import Program, running
from camcops.outbox.events import CLAIMED, WAITING
from camcops.records.rescoring import count_outdated
from camcops.site import Site

COUNTED_MOST: Final = 100_000
"""Beyond this many outdated scores of an instrument, the number is not worth the time."""


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload that was begun and not ended."""

    device: str
    since_utc: dt.datetime


@dataclass(frozen=True, slots=True)
class Status:
    """What an administrator asks first; instants are UTC, without zone."""

    version: str
    revision: str
    database: str
    config_changed_utc: dt.datetime
    programs: tuple[Program, ...]
    browser_sessions: int
    tablet_sessions: int
    locked_users: tuple[str, ...]
    open_uploads: tuple[OpenUpload, ...]
    last_upload_utc: dt.datetime | None
    outbox_waiting: int
    outbox_oldest_utc: dt.datetime | None
    outdated_scores: Mapping[str, int]
    audit_sealed_up_to: int | None
    audit_sealed_at_utc: dt.datetime | None
    audit_last: int | None
    free_bytes: int | None
    """Of the disk that an SQLite file lies on."""


def status_of(site: Site) -> Status:
    """The state of an installation whose database is current."""
    return site.database.read(lambda conn: _read(conn, site))


def _read(conn: sa.Connection, site: Site) -> Status:
    browsers, tablets = _sessions(conn, site.settings.site.session_timeout_minutes)
    waiting, oldest = _outbox(conn)
    seal = latest_seal(conn)
    return Status(
        version=__version__,
        revision=REVISION,
        database=conn.dialect.name,
        config_changed_utc=utc_at(site.settings.path.stat().st_mtime),
        programs=running(site.settings.path),
        browser_sessions=browsers,
        tablet_sessions=tablets,
        locked_users=_locked(conn),
        open_uploads=_open_uploads(conn),
        last_upload_utc=conn.scalar(sa.select(sa.func.max(devices.c.last_upload_batch_utc))),
        outbox_waiting=waiting,
        outbox_oldest_utc=oldest,
        outdated_scores=count_outdated(conn, site.database, COUNTED_MOST),
        audit_sealed_up_to=None if seal is None else seal.last_id,
        audit_sealed_at_utc=None if seal is None else seal.sealed_at_utc,
        audit_last=conn.scalar(sa.select(sa.func.max(audit.c.id))),
        free_bytes=_free_bytes(site),
    )


def _sessions(conn: sa.Connection, timeout_minutes: int) -> tuple[int, int]:
    """Sessions of users that have not run out: of browsers, of tablets."""
    columns = sessions.c
    oldest = utc_now() - dt.timedelta(minutes=timeout_minutes)
    query = (
        sa.select(columns.is_api_session, sa.func.count())
        .where(columns.last_activity_utc >= oldest, columns.user_id.is_not(None))
        .group_by(columns.is_api_session)
    )
    counts: dict[bool, int] = {}
    for is_tablet, count in conn.execute(query):
        counts[bool(is_tablet)] = counts.get(bool(is_tablet), 0) + count
    return counts.get(False, 0), counts.get(True, 0)


def _locked(conn: sa.Connection) -> tuple[str, ...]:
    """Names of users who can't log in at present."""
    locks = account_lockouts.c
    locked = sa.select(locks.username).where(locks.locked_until > utc_now())
    query = sa.select(users.c.username).where(users.c.username.in_(locked))
    return tuple(conn.scalars(query.order_by(users.c.username)))


def _open_uploads(conn: sa.Connection) -> tuple[OpenUpload, ...]:
    columns = devices.c
    query = (
        sa.select(columns.name, columns.ongoing_upload_batch_utc)
        .where(columns.ongoing_upload_batch_utc.is_not(None))
        .order_by(columns.ongoing_upload_batch_utc)
    )
    return tuple(OpenUpload(name, since) for name, since in conn.execute(query))


def _outbox(conn: sa.Connection) -> tuple[int, dt.datetime | None]:
    query = sa.select(sa.func.count(), sa.func.min(outbox.c.created_at_utc)).where(
        outbox.c.state.in_((WAITING, CLAIMED))
    )
    count, oldest = conn.execute(query).one()
    return count, oldest


def _free_bytes(site: Site) -> int | None:
    url = site.database.engine.url
    if url.get_backend_name() != "sqlite" or url.database is None:
        return None
    return shutil.disk_usage(Path(url.database).absolute().parent).free
