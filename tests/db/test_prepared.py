# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements that go to the driver directly."""

import signal
from collections.abc import Callable
from types import FrameType

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.prepared import Prepared


@pytest.mark.parametrize(
    ("backend", "sleep"),
    [("mariadb", "SELECT SLEEP(20)"), ("postgresql", "SELECT pg_sleep(20)")],
)
def test_a_connection_on_which_a_statement_was_cut_short_is_not_used_again(
    server_database: Callable[[str], Database], backend: str, sleep: str
) -> None:
    database = server_database(backend)

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit

    former = signal.signal(signal.SIGALRM, leave)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with database.engine.connect() as conn:
            with pytest.raises(SystemExit), conn.begin():
                Prepared(sa.text(sleep)).run(conn)
            assert conn.invalidated
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert database.read(lambda conn: conn.scalar(sa.select(sa.literal(7)))) == 7
