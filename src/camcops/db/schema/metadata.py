# SPDX-License-Identifier: GPL-3.0-or-later
"""The one `MetaData` of the server's own tables, and how their keys and indexes are named."""

from typing import Any

import sqlalchemy as sa

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
}
"""As in CamCOPS 2.4: an index or key that an adopted database has is found again by its name."""

metadata = sa.MetaData(naming_convention=NAMING)

TABLE_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
    "mysql_row_format": "DYNAMIC",
    "sqlite_autoincrement": True,
}
"""The row format lets tables of hundreds of columns fit. SQLite must be told not to give a key twice:
the audit trail names them."""

LINK_OPTIONS = {**TABLE_OPTIONS, "sqlite_autoincrement": False}
"""For tables whose key has several columns."""
