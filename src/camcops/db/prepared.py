# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements that are built once for each table and then only given their values.

Building a statement over a table's forty columns, and recognising that it was compiled before, takes longer
than most databases need to run it.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

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


def row_update(table: sa.Table, names: Iterable[str], key: str = "_pk") -> sa.Update:
    """An UPDATE of these columns in the rows whose keys are given; its values come from `row_values`."""
    chosen = tuple(names)

    def build() -> sa.Update:
        values = {name: sa.bindparam(f"new{name}", type_=table.c[name].type) for name in chosen}
        wanted: sa.BindParameter[Any] = sa.bindparam("keys_of_rows", expanding=True)
        return table.update().where(table.c[key].in_(wanted)).values(values)

    return prepared(table, ("update", key, chosen), build)


def row_values(values: Mapping[str, Any], keys: Iterable[int]) -> dict[str, Any]:
    """What a `row_update` is executed with."""
    given = {f"new{name}": value for name, value in values.items()}
    return {**given, "keys_of_rows": list(keys)}
