# SPDX-License-Identifier: GPL-3.0-or-later
"""Fitting what a tablet sends into the column it is meant for, before any database sees it."""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from camcops.db.client_tables import ClientTable
from camcops.db.types import IsoDateTime, IsoTime
from camcops.records.lifecycle import MOVE_OFF, client_columns, iso_text, parse_instant
from camcops.tablet_api.literals import Value, decode

Stored: TypeAlias = bool | int | float | str | bytes | dt.date | None
CellReader: TypeAlias = Callable[[Value], Stored]
LiteralReader: TypeAlias = Callable[[str], Stored]

_INTEGER_BITS = 31
_BIG_INTEGER_BITS = 63
# MariaDB's and MySQL's FLOAT.
_LARGEST_NUMBER = 3.4e38
# MariaDB's and MySQL's TEXT; the other databases have no limit.
_TEXT_BYTES = 65_535
_USUAL_MOMENT = len("'YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM'")


class Misfit(Exception):
    """A value that its column can't hold; the text says why."""


def literal_readers(table: ClientTable, dialect: Dialect) -> Mapping[str, LiteralReader]:
    """For each column that a tablet may send: what turns a literal into what is stored."""
    readers = {name: _reader(table.table.c[name], dialect) for name in client_columns(table)}
    return {name: _of_literal(read) for name, read in readers.items()}


def _of_literal(read: CellReader) -> LiteralReader:
    if read is _moment:
        return _moment_of_literal
    return lambda literal: read(decode(literal))


def required_columns(table: ClientTable) -> frozenset[str]:
    """The columns a tablet must send because the database accepts no row without them."""
    columns = table.table.c
    return frozenset(
        name
        for name in client_columns(table)
        if not columns[name].nullable and columns[name].default is None
    )


def _reader(column: sa.Column[object], dialect: Dialect) -> CellReader:
    kind = column.type
    if column.name == MOVE_OFF:
        return lambda value: bool(_boolean(value))
    if isinstance(kind, sa.Boolean):
        return _boolean
    if isinstance(kind, sa.Integer):
        bits = _BIG_INTEGER_BITS if isinstance(kind, sa.BigInteger) else _INTEGER_BITS
        return lambda value: _integer(value, bits)
    if isinstance(kind, sa.Float | sa.Numeric):
        return _number
    if isinstance(kind, sa.LargeBinary):
        return _binary
    if isinstance(kind, IsoDateTime):
        return _moment
    if isinstance(kind, IsoTime):
        return _time
    if isinstance(kind, sa.Date):
        return _date
    if isinstance(kind, sa.String):
        limited = kind.length is None and kind.compile(dialect=dialect) == "TEXT"
        most = _TEXT_BYTES if limited and dialect.name in ("mysql", "mariadb") else None
        return lambda value: _text(value, kind.length, most)
    raise TypeError(f"{column}: a tablet cannot send {kind!r}")


def _boolean(value: Value) -> bool | None:
    if value is None:
        return None
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise Misfit("0 or 1 is needed")


def _integer(value: Value, bits: int) -> int | None:
    if isinstance(value, str):
        value = _number_as_text(value)
    if value is None:
        return None
    if not isinstance(value, int):
        raise Misfit("a whole number is needed")
    if not -(2**bits) <= value < 2**bits:
        raise Misfit(f"the number does not fit into {bits + 1} bits")
    return value


def _number_as_text(text: str) -> Value:
    """Tablets keep a few numbers as text (a GAF score, for one), so they come in quotes, or as empty text."""
    value = decode(text)
    if value is None and text.strip():
        raise Misfit("a number is needed")
    return value


def _number(value: Value) -> float | None:
    if isinstance(value, str):
        value = _number_as_text(value)
    if value is None:
        return None
    if not isinstance(value, int | float):
        raise Misfit("a number is needed")
    try:
        number = float(value)
    except OverflowError:
        raise Misfit("the number is too large") from None
    if abs(number) > _LARGEST_NUMBER:
        raise Misfit("the number is too large")
    # "Not a number" is how a tablet writes a measurement that it hasn't got; SQLite stores it as null too.
    return None if math.isnan(number) else number


def _binary(value: Value) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    raise Misfit("binary data are needed, as 64'…' or X'…'")


def _plain(value: Value) -> str:
    if not isinstance(value, str):
        raise Misfit("text is needed, in quotes")
    if "\0" in value:
        raise Misfit("the text has a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Misfit("the text has half a character (an unpaired surrogate)") from None
    return value


def _text(value: Value, longest: int | None, most_bytes: int | None) -> str | None:
    if value is None:
        return None
    # Some columns are numbers on the tablet and text here (trials of IDED-3D).
    text = str(value) if isinstance(value, int) else _plain(value)
    if longest is not None and len(text) > longest:
        raise Misfit(f"the text is longer than {longest} characters")
    if most_bytes is not None and len(text) > most_bytes // 4 and len(text.encode()) > most_bytes:
        raise Misfit(f"the text is longer than {most_bytes} bytes")
    return text


def _date(value: Value) -> dt.date | None:
    if value is None:
        return None
    try:
        return dt.datetime.strptime(_plain(value), "%Y-%m-%d").date()  # noqa: DTZ007 (a day, no zone)
    except ValueError:
        raise Misfit("a date is needed, as yyyy-mm-dd") from None


def _time(value: Value) -> str | None:
    if value is None:
        return None
    try:
        moment = dt.time.fromisoformat(_plain(value))
    except ValueError:
        raise Misfit("a time of day is needed, as hh:mm:ss") from None
    return moment.replace(tzinfo=None, microsecond=0).isoformat()


def _moment_of_literal(literal: str) -> str | None:
    return _usual_moment(literal) if len(literal) <= _USUAL_MOMENT else _moment(decode(literal))


@lru_cache(maxsize=64)
def _usual_moment(literal: str) -> str | None:
    """The rows of an upload share a few instants."""
    return _moment(decode(literal))


def _moment(value: Value) -> str | None:
    if value is None:
        return None
    try:
        return iso_text(parse_instant(_plain(value)))
    except ValueError:
        raise Misfit("a date and time is needed, as yyyy-mm-ddThh:mm:ss+hh:mm") from None
