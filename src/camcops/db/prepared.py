# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements that are built once for each table and then only given their values.

Building a statement over a table's forty columns, and recognising that it was compiled before, takes longer
than most databases need to run it.
"""

from collections.abc import Callable, Hashable
from typing import TypeVar

import sqlalchemy as sa

T = TypeVar("T", bound=sa.Executable)

_STATEMENTS = "camcops_statements"


def prepared(table: sa.Table, key: Hashable, build: Callable[[], T]) -> T:
    """The statement about `table` that `key` names; `build` makes it when it is first asked for."""
    known: dict[Hashable, T] = table.info.setdefault(_STATEMENTS, {})
    statement = known.get(key)
    if statement is None:
        statement = known[key] = build()
    return statement
