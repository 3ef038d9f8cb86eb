# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements that are compiled once and then only given their values, for what each upload runs.

For SQLAlchemy, recognising a statement over forty columns, converting its values and wrapping its result
takes longer than most databases need to run it. So these go straight to the driver (decision 10), and only
within `Database.read` or `Database.write`: they neither begin a transaction nor ask whether one has failed.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from camcops.db.several_rows import MOST_TOGETHER, SeveralRows

Converter: TypeAlias = Callable[[Any], Any]
Values: TypeAlias = Mapping[str, Any]

_NOTHING: Values = {}
_STATEMENTS = "camcops_statements"


class Prepared:
    """A statement whose values are bound by name; `columns`: those that an INSERT fills."""

    def __init__(self, statement: Any, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._compiled: _Compiled | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What a row of the result holds."""
        return tuple(column.key for column in self._statement.selected_columns)

    def rows(self, conn: sa.Connection, values: Values = _NOTHING) -> list[Sequence[Any]]:
        """The rows of a query."""
        compiled = self._for(conn)
        return compiled.fetch(conn, compiled.parameters(values))

    def mappings(self, conn: sa.Connection, values: Values = _NOTHING) -> list[dict[str, Any]]:
        """The rows of a query, by column."""
        names = self.names
        return [dict(zip(names, row, strict=True)) for row in self.rows(conn, values)]

    def run(self, conn: sa.Connection, values: Values = _NOTHING) -> None:
        """Run a statement that returns nothing."""
        compiled = self._for(conn)
        compiled.run(conn, compiled.parameters(values))

    def run_each(
        self, conn: sa.Connection, rows: Sequence[Values], common: Values = _NOTHING
    ) -> None:
        """Run it for each row (one call of the driver); all have the same names. `common`: see `insert`."""
        compiled = self._for(conn)
        if len(rows) == 1:
            compiled.run(conn, compiled.parameters({**common, **rows[0]}))
        elif rows:
            compiled.run_many(conn, compiled.many(rows, common))

    def insert_returning(
        self, conn: sa.Connection, rows: Sequence[Values], common: Values, returned: Sequence[str]
    ) -> list[Sequence[Any]]:
        """Run an INSERT for a few rows at once; columns of each that are whole numbers, in any order."""
        compiled = self._for(conn)
        return compiled.insert(conn, compiled.many(rows, common), returned)

    def _for(self, conn: sa.Connection) -> "_Compiled":
        compiled = self._compiled
        if compiled is None or compiled.dialect is not conn.dialect:
            compiled = self._compiled = _Compiled(self._statement, conn.dialect, self._columns)
        return compiled


class _Compiled:
    """A statement of one dialect: its text, and how its parameters and results are converted."""

    def __init__(self, statement: Any, dialect: Dialect, columns: Sequence[str] | None) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        self.dialect = dialect
        self.text = str(compiled)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        self._names = tuple(compiled.positiontup if compiled.positional else binds)
        self._in_order = bool(compiled.positional)
        self._fixed = {name: bind.value for name, bind in binds.items() if not bind.required}
        self._fixed |= {column.key: column.default.arg for column in compiled.insert_prefetch}
        self._converters = {
            name: converter
            for name, bind in binds.items()
            if (converter := _to_database(bind.type, dialect)) is not None
        }
        self._is_insert = isinstance(statement, sa.Insert)
        returned = statement.selected_columns if isinstance(statement, sa.SelectBase) else ()
        self._types = [column.type for column in returned]
        self._results: list[tuple[int, Converter]] | None = None

    def parameters(self, values: Values) -> Any:
        """The driver's parameters."""
        given = self._converted(self._fixed | dict(values))
        return tuple(given[name] for name in self._names) if self._in_order else given

    def many(self, rows: Sequence[Values], common: Values) -> list[Any]:
        """The driver's parameters for each row."""
        own = tuple(rows[0])
        given = self._converted({**self._fixed, **common, **dict.fromkeys(own)})
        converters = [(name, self._converters.get(name)) for name in own]
        if not self._in_order:
            return [{**given, **_each(row, converters)} for row in rows]
        start = [given[name] for name in self._names]
        place = {name: number for number, name in enumerate(self._names)}
        places = [(place[name], name, converter) for name, converter in converters]
        found = []
        for row in rows:
            one = start.copy()
            for number, name, converter in places:
                value = row[name]
                one[number] = value if converter is None or value is None else converter(value)
            found.append(tuple(one))
        return found

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        for name, converter in self._converters.items():
            if (value := values[name]) is not None:
                values[name] = converter(value)
        return values

    def fetch(self, conn: sa.Connection, parameters: Any) -> list[Sequence[Any]]:
        if _is_observed(conn):
            result = conn.exec_driver_sql(self.text, parameters)
            described = result.cursor.description if result.cursor else ()
            return self._read(described, [tuple(row) for row in result])
        with _Cursor(conn, self.text) as cursor:
            cursor.execute(self.text, parameters)
            return self._read(cursor.description, cursor.fetchall())

    def run(self, conn: sa.Connection, parameters: Any) -> None:
        if _is_observed(conn):
            conn.exec_driver_sql(self.text, parameters)
            return
        with _Cursor(conn, self.text) as cursor:
            cursor.execute(self.text, parameters)

    def run_many(self, conn: sa.Connection, parameters: list[Any]) -> None:
        if _is_observed(conn):
            conn.exec_driver_sql(self.text, parameters)
            return
        if self._is_insert and self.dialect.driver == "psycopg":
            # It would send each row by itself, which takes it longer than the database.
            for start in range(0, len(parameters), MOST_TOGETHER):
                self.insert(conn, parameters[start : start + MOST_TOGETHER])
            return
        with _Cursor(conn, self.text) as cursor:
            cursor.executemany(self.text, parameters)

    def insert(
        self, conn: sa.Connection, rows: list[Any], returned: Sequence[str] = ()
    ) -> list[Sequence[Any]]:
        """Insert a few rows with one statement."""
        columns = [self.dialect.identifier_preparer.quote(name) for name in returned]
        parameters = self._several.parameters(rows)
        text = self._several.text(len(rows), columns)
        if _is_observed(conn):
            result = conn.exec_driver_sql(text, parameters)
            return [tuple(row) for row in result] if returned else []
        with _Cursor(conn, text) as cursor:
            if self.dialect.driver == "psycopg":
                from camcops.db.postgresql import numbering

                cursor = numbering(cursor)
                text = self._several.text(len(rows), columns, numbered=True)
            cursor.execute(text, parameters)
            return list(cursor.fetchall()) if returned else []

    @cached_property
    def _several(self) -> SeveralRows:
        return SeveralRows(self.text)

    def _read(self, described: Sequence[Any], rows: Any) -> list[Sequence[Any]]:
        """The rows with values as the columns' types have them in Python."""
        if self._results is None:
            self._results = [
                (number, converter)
                for number, (kind, column) in enumerate(zip(self._types, described, strict=True))
                if (converter := _from_database(kind, self.dialect, column[1])) is not None
            ]
        results = self._results
        if not results:
            return list(rows)
        found: list[Sequence[Any]] = []
        for row in rows:
            values = list(row)
            for number, converter in results:
                if (value := values[number]) is not None:
                    values[number] = converter(value)
            found.append(values)
        return found


class _Cursor:
    """The driver's cursor for one statement; its errors are SQLAlchemy's."""

    def __init__(self, conn: sa.Connection, text: str) -> None:
        self._conn = conn
        self._text = text

    def __enter__(self) -> Any:
        self._cursor = self._conn.connection.cursor()
        return self._cursor

    def __exit__(self, _kind: object, error: BaseException | None, _frames: object) -> None:
        conn, driver = self._conn, self._conn.dialect.loaded_dbapi
        if error is None:
            self._cursor.close()
        elif isinstance(error, driver.Error):
            is_lost = conn.dialect.is_disconnect(
                error, conn.connection.dbapi_connection, self._cursor
            )
            if is_lost:
                conn.invalidate(error)
            raise DBAPIError.instance(
                self._text,
                None,
                error,
                driver.Error,
                hide_parameters=True,
                connection_invalidated=is_lost,
                dialect=conn.dialect,
            ) from error
        elif not isinstance(error, Exception):
            # Cut short by Ctrl-C or an exit: what the server sends next is the rest of this answer.
            conn.invalidate(error)


def _is_observed(conn: sa.Connection) -> bool:
    """Does somebody want to see the statements: the log (`DB_ECHO`), or a test that counts them?"""
    return bool(conn.engine.echo or conn.dispatch.before_cursor_execute)


def _to_database(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    # The drivers know bool, which SQLAlchemy would make a number of, and check.
    if isinstance(kind, sa.Boolean):
        return None
    converter = kind.dialect_impl(dialect).bind_processor(dialect)
    # The instant of an upload stands in each of its rows.
    return lru_cache(64)(converter) if converter and isinstance(kind, sa.DateTime) else converter


def _from_database(kind: TypeEngine[Any], dialect: Dialect, code: object) -> Converter | None:
    return kind.dialect_impl(dialect).result_processor(dialect, code)


def _each(row: Values, converters: Iterable[tuple[str, Converter | None]]) -> dict[str, Any]:
    return {
        name: row[name] if converter is None or row[name] is None else converter(row[name])
        for name, converter in converters
    }


def prepared(table: sa.Table, key: Hashable, build: Callable[[], Prepared]) -> Prepared:
    """The statement about `table` that `key` names; `build` makes it when it is first asked for."""
    known: dict[Hashable, Prepared] = table.info.setdefault(_STATEMENTS, {})
    statement = known.get(key)
    if statement is None:
        statement = known[key] = build()
    return statement
