# SPDX-License-Identifier: GPL-3.0-or-later
"""The key that the database gave to a row just inserted."""

from typing import Any

import sqlalchemy as sa


def new_key(inserted: sa.CursorResult[Any]) -> int:
    """The key of the one row that an INSERT made, in a table whose key counts up by itself."""
    key = inserted.inserted_primary_key
    if key is None or key[0] is None:
        raise RuntimeError("the statement inserted no row with a key")
    return int(key[0])
