# SPDX-License-Identifier: GPL-3.0-or-later
"""Noticing records that differ from what is stored although their time of modification is the same.

By the protocol they are unchanged and stay as stored. But it says that a tablet's clock, or a tablet, is
not in order, so it is logged: where, never what.
"""

import logging
import math
from collections.abc import Collection, Mapping
from typing import Any, Final

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.prepared import Prepared, prepared
from camcops.db.rows import among, key_values, padded
from camcops.records.lifecycle import KEY, MOVE_OFF, WHEN_MODIFIED
from camcops.tablet_api.planning import Unchanged
from camcops.tablet_api.row_writing import Upload

log = logging.getLogger(__name__)

MOST_ROWS: Final = 1000
"""Tables with more unchanged records in one request are not compared: that would slow the upload down."""

_NEVER_COMPARED = frozenset({KEY, WHEN_MODIFIED, MOVE_OFF})
_MOST_NAMED = 10
# What is left of a number in a FLOAT column of MariaDB or MySQL.
_PRECISION = 1e-5


def look(upload: Upload, table: ClientTable, unchanged: Collection[Unchanged]) -> None:
    """Read what is stored of unchanged records (one statement), and `report`."""
    if not 0 < len(unchanged) <= MOST_ROWS:
        return
    pks = padded(one.row.pk for one in unchanged)
    query = prepared(
        table.table,
        ("contents", len(pks)),
        lambda: Prepared(_contents(table.table, len(pks))),
    )
    stored = query.mappings(upload.conn, key_values(pks))
    report(upload, table, unchanged, {row["_pk"]: row for row in stored})


def report(
    upload: Upload,
    table: ClientTable,
    unchanged: Collection[Unchanged],
    stored: Mapping[int, Mapping[str, Any]],
) -> None:
    """Log unchanged records whose content is not what is `stored` (rows by `_pk`)."""
    if not 0 < len(unchanged) <= MOST_ROWS:
        return
    different = {
        pk: names
        for one in unchanged
        if (names := _differing(stored[pk := one.row.pk], one.record.values))
    }
    if different:
        log.warning(
            "Device %d, table %s: %d records came with other content under an unchanged time of modification "
            "and were left as stored (server keys %s; fields %s)",
            upload.device.id,
            table.name,
            len(different),
            _named(different),
            _named(set().union(*different.values())),
        )


def _contents(table: sa.Table, size: int) -> sa.Select[Any]:
    columns = [column for column in table.c if not isinstance(column.type, sa.LargeBinary)]
    return sa.select(*columns).where(among(table.c._pk, size))


def _differing(stored: Mapping[str, Any], sent: Mapping[str, Any]) -> set[str]:
    return {
        name
        for name, value in sent.items()
        if name in stored and name not in _NEVER_COMPARED and not _same(stored[name], value)
    }


def _same(stored: Any, sent: Any) -> bool:
    if isinstance(stored, float) or isinstance(sent, float):
        if stored is None or sent is None:
            return stored is sent
        return math.isclose(stored, sent, rel_tol=_PRECISION, abs_tol=_PRECISION)
    return bool(stored == sent)


def _named(values: Collection[Any]) -> str:
    first = ", ".join(map(str, sorted(values)[:_MOST_NAMED]))
    return first if len(values) <= _MOST_NAMED else first + ", …"
