# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of tasks read from a real database."""

from zoneinfo import ZoneInfo

from camcops.accounts.permissions import EVERY
from camcops.db.database import Database
from camcops.documents import html, pdf
from camcops.documents.task import task_document
from camcops.documents.tree import PatientBanner, TaskDocument
from camcops.records.reading import load_task
from tests.records.stored import add, add_group, add_patient, define_idnums, index, picture_task

LONDON = ZoneInfo("Europe/London")


def document_of(database: Database, table: str, pk: int) -> TaskDocument:
    stored = database.read(lambda conn: load_task(conn, database, table, pk, visible=EVERY))
    assert stored is not None
    return task_document(stored, database.library.strings, zone=LONDON)


def test_a_scored_task(sqlite_database: Database) -> None:
    database = sqlite_database
    group = add_group(database, "ward")
    define_idnums(database)
    add_patient(database, group)
    add(
        database,
        "patient_idnum",
        group=group,
        patient_id=1,
        which_idnum=1,
        idnum_value=9434765919,
    )
    answers = {f"q{number}": 2 for number in range(1, 11)}
    pk = add(database, "phq9", group=group, patient_id=1, **answers)
    index(database)
    document = document_of(database, "phq9", pk)
    assert document.complete is True
    assert isinstance(document.patient, PatientBanner)
    assert document.patient.idnums[0].value == "943 476 5919"
    assert [notice.kind for notice in document.notices] == ["live"]
    fragment = html.write(document, str)
    assert '<strong class="doc-score">18</strong>' in fragment
    assert "<bdi>O&#x27;BRIEN</bdi>" in fragment


def test_pictures_by_server_key(sqlite_database: Database) -> None:
    group = add_group(sqlite_database, "ward")
    pk = picture_task(sqlite_database, group)
    document = document_of(sqlite_database, "photosequence", pk)
    assert [picture.rotation for picture in document.pictures()] == [0, 90]
    assert len(document.blob_pks) == 2
    assert pdf.write(document, dict.fromkeys(document.blob_pks, b"broken")).startswith(b"%PDF-")
