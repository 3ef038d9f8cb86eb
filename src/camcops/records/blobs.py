# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures and other large binary answers (BLOBs): what is known of them, and their content.

The field of a task or child row holds the tablet's key of a BLOB in the same device and era.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from camcops.accounts.permissions import Groups
from camcops.db.database import Database
from camcops.db.schema import blobs
from camcops.instruments.model import Field, FieldType, Instrument
from camcops.records.lifecycle import KEY
from camcops.records.versions import RowValues, companions, fetch, going_with


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A BLOB without its content: server key, media type, degrees clockwise to turn it by, bytes,
    group.
    """

    pk: int
    mimetype: str
    rotation: int
    size: int
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Blob:
    """A BLOB with its content; `table_name` and `server_pk` say which task it belongs to."""

    pk: int
    mimetype: str
    rotation: int
    filename: str
    content: bytes
    table_name: str
    server_pk: int

    def __repr__(self) -> str:
        return f"Blob(pk={self.pk}, mimetype={self.mimetype!r}, {len(self.content)} bytes)"


def blobs_of(
    conn: sa.Connection,
    instrument: Instrument,
    task: RowValues,
    rows: Mapping[str, Iterable[RowValues]],
) -> dict[int, BlobInfo]:
    """What is known of the BLOBs of a task and its child rows, by the number in the field (one
    statement or none).
    """
    numbers = sorted(set(_numbers(instrument, task, rows)))
    if not numbers:
        return {}
    size = sa.func.coalesce(sa.func.length(blobs.c.theblob), 0).label("size")
    query = companions(blobs, task, blobs.c[KEY].in_(numbers)).add_columns(size)
    return {
        row[KEY]: BlobInfo(
            pk=row["_pk"],
            mimetype=row["mimetype"] or "application/octet-stream",
            rotation=row["image_rotation_deg_cw"] or 0,
            size=row["size"],
            group_id=row["_group_id"],
        )
        for row in going_with(task, fetch(conn, query))
    }


def read_blob(conn: sa.Connection, database: Database, pk: int, *, visible: Groups) -> Blob | None:
    """A BLOB by server key, with its content (at most four statements).

    None if there is none, if it or the task it belongs to is of a group outside `visible`, or if
    that task is nowhere. Any version of a BLOB can be read.
    """
    about = sa.select(*(column for column in blobs.c if column.name != "theblob"))
    found = fetch(conn, about.where(blobs.c._pk == pk, sa.not_(blobs.c._addition_pending)))
    row = found[0] if found and found[0]["_group_id"] in visible else None
    owner = None if row is None else _owner(conn, database, row)
    if row is None or owner is None or owner["_group_id"] not in visible:
        return None
    content = conn.scalar(sa.select(blobs.c.theblob).where(blobs.c._pk == pk))
    return Blob(
        pk=pk,
        mimetype=row["mimetype"] or "application/octet-stream",
        rotation=row["image_rotation_deg_cw"] or 0,
        filename=row["filename"] or "",
        content=content or b"",
        table_name=owner["table_name"],
        server_pk=owner["_pk"],
    )


def contents(conn: sa.Connection, pks: Collection[int]) -> dict[int, bytes]:
    """The contents of BLOBs by server key (one statement or none), for whoever has read the task that
    holds them: `reading.load_task` leaves out those that the reader may not see.
    """
    if not pks:
        return {}
    query = sa.select(blobs.c._pk, blobs.c.theblob).where(blobs.c._pk.in_(sorted(pks)))
    return {pk: content or b"" for pk, content in conn.execute(query)}


def _owner(conn: sa.Connection, database: Database, blob: RowValues) -> RowValues | None:
    """The task that a BLOB belongs to, directly or through a child row: the current version, else
    the newest.
    """
    table, key = database.tables.get(blob["tablename"]), blob["tablepk"]
    if table is not None and table.child is not None and table.instrument is not None:
        link = table.table.c[table.child.link].label("task_key")
        child_row = _newest(conn, table.table, blob, key, link)
        if child_row is None:
            return None
        table, key = database.tables[table.instrument.table], child_row["task_key"]
    if table is None or table.kind != "task":
        return None
    pk, group_id = table.table.c._pk, table.table.c._group_id
    task = _newest(conn, table.table, blob, key, pk, group_id)
    return None if task is None else {**task, "table_name": table.name}


def _newest(
    conn: sa.Connection,
    table: sa.Table,
    blob: RowValues,
    key: int,
    *columns: sa.ColumnElement[int],
) -> RowValues | None:
    """Some columns of an object of the BLOB's device and era: of the current version, else of the
    newest.
    """
    query = (
        sa.select(*columns)
        .where(
            table.c._device_id == blob["_device_id"],
            table.c._era == blob["_era"],
            table.c[KEY] == key,
            sa.not_(table.c._addition_pending),
        )
        .order_by(table.c._current.desc(), table.c._pk.desc())
        .limit(1)
    )
    found = fetch(conn, query)
    return found[0] if found else None


def _numbers(
    instrument: Instrument, task: RowValues, rows: Mapping[str, Iterable[RowValues]]
) -> Iterator[int]:
    """The numbers of BLOBs that a task and its child rows hold."""
    yield from _held(instrument.all_fields, [task])
    for name, child in instrument.tables.items():
        yield from _held(child.fields, rows.get(name, ()))


def _held(fields: Mapping[str, Field], rows: Iterable[RowValues]) -> Iterator[int]:
    names = [name for name, field in fields.items() if field.type is FieldType.BLOB]
    if names:
        yield from (row[name] for row in rows for name in names if row[name] is not None)
