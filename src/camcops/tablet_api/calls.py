# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operation works with: the request and its user first, then a unit of work in the database."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from camcops.accounts.users import User
from camcops.site import Site
from camcops.tablet_api.access import Access, not_registered
from camcops.tablet_api.batches import Device, find_device
from camcops.tablet_api.extra_strings import ExtraStrings
from camcops.tablet_api.incoming import IncomingReader
from camcops.tablet_api.replies import Reply
from camcops.tablet_api.requests import TabletRequest
from camcops.tablet_api.row_writing import Upload


class Endpoint:
    """What all requests share."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.incoming = IncomingReader(site.database)
        restricted = dict(site.settings.site.restricted_tasks)
        self.extra_strings = ExtraStrings(site.library.strings, restricted)


@dataclass(frozen=True, slots=True)
class Call:
    """One request that may run its operation."""

    endpoint: Endpoint
    request: TabletRequest
    device_name: str
    user: User | None
    group_id: int | None

    @property
    def site(self) -> Site:
        return self.endpoint.site

    @property
    def known_user(self) -> User:
        """The user, for operations that need one."""
        assert self.user is not None
        return self.user

    @property
    def known_group(self) -> int:
        """The upload group, for operations that need one."""
        assert self.group_id is not None
        return self.group_id

    def device(self, conn: sa.Connection, *, lock: bool = False) -> Device:
        """The device that calls. Raises `Problem` if it is not registered."""
        device = find_device(conn, self.device_name, lock=lock)
        if device is None:
            raise not_registered()
        return device

    def upload(
        self,
        conn: sa.Connection,
        device: Device,
        batch: dt.datetime,
        digest: str | None = None,
    ) -> Upload:
        """The upload that this call is part of. `batch`: its instant; `digest`: see `repeats`."""
        return Upload(
            conn=conn,
            database=self.site.database,
            audit=self.site.audit,
            device=device,
            user=self.known_user,
            group_id=self.known_group,
            tablet_version=self.request.version_text,
            remote_addr=self.request.remote_addr,
            batch=batch,
            exact=dt.datetime.now(dt.UTC),
            digest=digest,
        )


Work = Callable[[sa.Connection], Reply]
Prepare = Callable[[Call], Work]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a tablet can ask for.

    `prepare` reads and checks the request and returns the unit of work; `writes`: does that change anything?
    """

    name: str
    access: Access
    prepare: Prepare
    writes: bool = True
