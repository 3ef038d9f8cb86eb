# SPDX-License-Identifier: GPL-3.0-or-later
"""Counting the SQL statements that some code runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from camcops.db.database import Database


@contextmanager
def count_statements(database: Database) -> Iterator[list[str]]:
    """The statements sent to the database inside the block, in order; BEGIN and COMMIT are none.

    An `executemany` is one, as it is one call of the driver.
    """
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)
