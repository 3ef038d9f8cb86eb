# SPDX-License-Identifier: GPL-3.0-or-later
"""A photograph that the database server does not hold is refused in words, and nothing is stored."""

from collections.abc import Callable
from random import Random
from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import blobs
from camcops.demonstration.tablet import Refused
from tests.initial_states import make_tablet_state
from tests.scratch_databases import set_globally
from tests.tablet import tablet
from tests.tablet_api.contents import blob, everything

LARGE = 20_000_000


@pytest.mark.slow
def test_photograph_of_20_mb_and_a_limit_below_it(
    server_database: Callable[[str], Database],
    database_server: Callable[[str], sa.URL],
    make_application: Callable[[Database], WSGIApplication],
) -> None:
    database = server_database("mariadb")
    make_tablet_state(database)
    device = tablet(make_application(database))
    device.call("register", devicefriendlyname="A tablet")
    photograph = everything(blobs=[{**blob(), "theblob": Random(1).randbytes(LARGE)}])
    sizes = sa.select(sa.func.length(blobs.c.theblob)).where(blobs.c._current)
    for megabytes, stored in ((16, []), (32, [LARGE])):
        with set_globally(database_server("mariadb"), max_allowed_packet=megabytes << 20):
            database.engine.dispose()
            if stored:
                device.upload(photograph, finish=True, one_step=True)
            else:
                with pytest.raises(Refused, match="raise max_allowed_packet of the database"):
                    device.upload(photograph, finish=True, one_step=True)
            assert database.read(lambda conn: conn.scalars(sizes).all()) == stored
        database.engine.dispose()
