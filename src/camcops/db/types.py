# SPDX-License-Identifier: GPL-3.0-or-later
"""Column types that CamCOPS 2.4's schema needs and that mean the same on every database."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A 64-bit key that counts up by itself; SQLite does that only for INTEGER, of 64 bits there."""

LongText = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
"""Text of any length (TEXT of MariaDB and MySQL ends at 64 KiB)."""

LongBinary = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
"""Pictures and sounds of tens of megabytes."""

NAME_KEY_LENGTH = 255

NameKey = sa.String(NAME_KEY_LENGTH).with_variant(
    mysql.VARCHAR(NAME_KEY_LENGTH, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
"""A name in the form in which names are compared: two are equal only if their letters are."""

ISO_LENGTH = 32
"""Characters of `YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM`."""


class Boolean(sa.Boolean):
    """SQLAlchemy's, without its readiness to add a CHECK constraint to each table that it comes to.

    That is most of the work of deriving the instruments' tables, and we never ask for one.
    """

    def _set_parent(self, parent: Any, **_: Any) -> None:
        """Listen to nothing."""


class IsoDateTime(sa.String):
    """A date-time with its zone, kept as ISO 8601 text in Python too."""

    def __init__(self, length: int = ISO_LENGTH) -> None:
        super().__init__(length)


class IsoTime(TypeDecorator[str]):
    """A time of day: TIME in the database, ISO text (`HH:MM:SS`) in Python."""

    impl = sa.Time
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> dt.time | None:
        return None if value is None else dt.time.fromisoformat(value).replace(tzinfo=None)

    def process_result_value(self, value: dt.time | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()
