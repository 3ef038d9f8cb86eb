# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading BLOBs: whole, and only by those who see the task they belong to."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from camcops.accounts.permissions import EVERY, Groups
from camcops.db.database import Database
from camcops.records.blobs import BlobInfo, contents, read_blob
from camcops.records.reading import load_task
from tests.records.stored import add, add_group, add_patient, picture_task
from tests.statements import count_statements


@pytest.fixture
def group(database: Database) -> int:
    return add_group(database, "ward")


def blobs_of(database: Database, table: str, pk: int) -> Any:
    task = database.read(lambda conn: load_task(conn, database, table, pk, visible=EVERY))
    assert task is not None
    return task.blobs


@pytest.fixture
def reader(database: Database) -> Callable[..., Any]:
    def read(pk: int, visible: Groups = EVERY) -> Any:
        return database.read(lambda conn: read_blob(conn, database, pk, visible=visible))

    return read


def test_blob_comes_whole_to_those_who_see_its_task(
    database: Database, group: int, reader: Callable[..., Any]
) -> None:
    pk = picture_task(database, group)
    info = blobs_of(database, "photosequence", pk)[31]
    assert info == BlobInfo(info.pk, "image/png", 90, 8, group)
    with count_statements(database) as seen:
        blob = reader(info.pk, frozenset({group}))
    assert len(seen) <= 4
    assert (blob.content, blob.mimetype, blob.rotation) == (b"\x89PNG one", "image/png", 90)
    assert (blob.table_name, blob.server_pk) == ("photosequence", pk)
    assert reader(info.pk, frozenset({group + 1})) is None
    assert reader(info.pk + 100) is None


def test_contents_of_all_at_once(database: Database, group: int) -> None:
    infos = blobs_of(database, "photosequence", picture_task(database, group)).values()
    pks = [info.pk for info in infos]
    with count_statements(database) as seen:
        found = database.read(lambda conn: contents(conn, pks))
    assert len(seen) == 1
    assert {pk: len(content) for pk, content in found.items()} == {i.pk: i.size for i in infos}
    assert database.read(lambda conn: contents(conn, [])) == {}


def test_blob_needs_its_own_group_to_be_seen_and_that_of_its_task(
    database: Database, group: int, reader: Callable[..., Any]
) -> None:
    other = add_group(database, "clinic")
    about = {"tablename": "photo", "tablepk": 1, "fieldname": "photo_blobid", "theblob": b"x"}
    pk = add(database, "blobs", key=3, group=other, **about)
    add(database, "photo", key=1, group=group, patient_id=1, photo_blobid=3)
    assert reader(pk, frozenset({group, other})) is not None
    assert reader(pk, frozenset({group})) is None
    assert reader(pk, frozenset({other})) is None


@pytest.mark.parametrize(
    "owner", [("photo", 77), ("patient", 1), ("no_such", 1), ("photosequence_photos", 77)]
)
def test_blob_without_task_is_nobodys(
    database: Database, group: int, reader: Callable[..., Any], owner: tuple[str, int]
) -> None:
    add_patient(database, group)
    pk = add(
        database,
        "blobs",
        group=group,
        tablename=owner[0],
        tablepk=owner[1],
        fieldname="photo_blobid",
        theblob=b"x",
    )
    assert reader(pk) is None


def test_blob_of_an_unfinished_upload_is_not_there(
    database: Database, group: int, reader: Callable[..., Any]
) -> None:
    add(database, "photo", group=group, patient_id=1, photo_blobid=3)
    pk = add(
        database,
        "blobs",
        key=3,
        group=group,
        tablename="photo",
        tablepk=1,
        fieldname="photo_blobid",
        theblob=b"x",
        _current=False,
        _addition_pending=True,
    )
    assert reader(pk) is None


def test_blob_without_content_is_empty(
    database: Database, group: int, reader: Callable[..., Any]
) -> None:
    add(database, "photo", group=group, patient_id=1, photo_blobid=3)
    pk = add(
        database,
        "blobs",
        key=3,
        group=group,
        tablename="photo",
        tablepk=1,
        fieldname="photo_blobid",
    )
    assert reader(pk).content == b""
    photo = database.read(lambda conn: conn.scalar(sa.select(database.tables["photo"].table.c._pk)))
    assert blobs_of(database, "photo", photo)[3].size == 0
