# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing rows of one table with statements that are compiled once: inserting, and changing by key."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from camcops.db.prepared import Prepared, Values, prepared
from camcops.db.several_rows import MOST_TOGETHER

MOST_KEYS: Final = 8192
"""Keys that one statement takes; every database allows so many parameters."""

_MOST_LINKS: Final = 512
"""Each is three parameters, and the database compares every row with every one."""


def insert(
    conn: sa.Connection, table: sa.Table, rows: Sequence[Values], common: Values | None = None
) -> None:
    """Insert rows that all have the same columns; what is `common` to all is converted only once."""
    if rows:
        common = common or {}
        _inserting(table, (*rows[0], *common)).run_each(conn, rows, common)


def _inserting(table: sa.Table, names: tuple[str, ...]) -> Prepared:
    return prepared(table, ("insert", names), lambda: Prepared(table.insert().inline(), names))


def insert_returning(
    conn: sa.Connection,
    table: sa.Table,
    rows: Sequence[Values],
    common: Values,
    returned: Sequence[str],
) -> list[Sequence[Any]] | None:
    """Insert rows, and return columns of each that are whole numbers, in any order.

    None, and nothing is inserted, if these are too many rows for one statement or the database can't (MySQL).
    """
    if not rows or len(rows) > MOST_TOGETHER or not conn.dialect.insert_returning:
        return None
    return _inserting(table, (*rows[0], *common)).insert_returning(conn, rows, common, returned)


def update(
    conn: sa.Connection, table: sa.Table, keys: Iterable[int], values: Values, key: str = "_pk"
) -> None:
    """Set the same values in the rows with these keys."""
    names = tuple(values)
    new = {f"new{name}": value for name, value in values.items()}
    for portion in _portions(keys, MOST_KEYS):
        size = len(portion)

        def build(size: int = size) -> Prepared:
            return Prepared(
                table.update().where(among(table.c[key], size)).values(_new(table, names))
            )

        statement = prepared(table, ("update", key, names, size), build)
        statement.run(conn, {**new, **key_values(portion)})


def link(
    conn: sa.Connection,
    table: sa.Table,
    column: str,
    targets: Mapping[int, int],
    values: Values | None = None,
) -> None:
    """Set a column to a value of its own in each row (by `_pk`), and further values that are the same."""
    values = values or {}
    names = tuple(values)
    new = {f"new{name}": value for name, value in values.items()}
    for portion in _portions(targets, _MOST_LINKS):
        size = len(portion)

        def build(size: int = size) -> Prepared:
            pk = table.c._pk
            target = sa.case(
                *(
                    (pk == _bind("key", n, pk.type), _bind("target", n, pk.type))
                    for n in range(size)
                )
            )
            changed = {column: target, **_new(table, names)}
            return Prepared(table.update().where(among(pk, size)).values(changed))

        own = {f"target{number}": targets[key] for number, key in enumerate(portion)}
        statement = prepared(table, ("link", column, names, size), build)
        statement.run(conn, {**new, **own, **key_values(portion)})


def delete(
    conn: sa.Connection, table: sa.Table, column: str, keys: Iterable[int], **also: Any
) -> None:
    """Delete the rows with these values of a column (`also`: and with that value of another)."""
    for portion in _portions(keys, MOST_KEYS):
        size = len(portion)

        def build(size: int = size) -> Prepared:
            chosen = [
                table.c[name] == sa.bindparam(name, type_=table.c[name].type) for name in also
            ]
            return Prepared(table.delete().where(*chosen, among(table.c[column], size)))

        statement = prepared(table, ("delete", column, *also, size), build)
        statement.run(conn, {**also, **key_values(portion)})


def among(column: sa.ColumnElement[Any], size: int, prefix: str = "key") -> sa.ColumnElement[bool]:
    """Is the column one of that many keys? See `key_values`."""
    return column.in_([_bind(prefix, number, column.type) for number in range(size)])


def key_values(keys: Sequence[int], prefix: str = "key") -> dict[str, int]:
    """The values for `among`."""
    return {f"{prefix}{number}": key for number, key in enumerate(keys)}


def padded(keys: Iterable[int]) -> list[int]:
    """Keys in order, the last one repeated up to a power of two: few lengths mean few statements."""
    ordered = sorted(keys)
    if ordered:
        ordered += ordered[-1:] * ((1 << (len(ordered) - 1).bit_length()) - len(ordered))
    return ordered


def _portions(keys: Iterable[int], most: int) -> Iterator[list[int]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), most):
        yield padded(ordered[start : start + most])


def _bind(name: str, number: int, kind: TypeEngine[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(f"{name}{number}", type_=kind)


def _new(table: sa.Table, names: Iterable[str]) -> dict[str, sa.BindParameter[Any]]:
    return {name: sa.bindparam(f"new{name}", type_=table.c[name].type) for name in names}
