# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to PostgreSQL that don't wait for ever for an answer; the driver itself always does."""

from typing import Any

import psycopg
from psycopg.pq import Format
from psycopg.rows import TupleRow

POLL_S = 0.1
"""How often the driver looks whether it was interrupted or has waited long enough."""


class BinaryServerCursor(psycopg.ServerCursor[TupleRow]):
    """For results that are streamed: as text, each picture would come in twice its size."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.format = Format.BINARY


class PunctualConnection(psycopg.Connection[TupleRow]):
    """Gives the connection up if an answer takes longer than `answer_within_s`."""

    answer_within_s: float | None = None

    def wait(self, gen: Any, interval: float = POLL_S, timeout: float | None = None) -> Any:
        """Wait for an answer. Raises `psycopg.OperationalError`, the connection being closed, without one."""
        limit = self.answer_within_s if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError as error:
            if error.sqlstate is None:  # not the server's answer: there was none
                self.pgconn.finish()
            raise


def connect_punctually(answer_within_s: float, *args: Any, **kwargs: Any) -> PunctualConnection:
    """As `psycopg.connect`."""
    connection = PunctualConnection.connect(*args, **kwargs)
    connection.answer_within_s = answer_within_s
    return connection


def numbering(cursor: Any) -> Any:
    """A cursor of the same connection whose parameters are `$1`, `$2`, …: it need not read the statement."""
    return psycopg.RawCursor(cursor.connection)
