# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of a stored task."""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from camcops.documents import html, pdf
from camcops.documents.task import task_document
from camcops.documents.tree import (
    AnswerRow,
    AnswerTable,
    FreeText,
    Grid,
    NoPatient,
    PatientBanner,
    TaskDocument,
    text_of,
)
from camcops.records.blobs import BlobInfo
from camcops.records.reading import SpecialNote, StoredTask
from tests.documents.records import CREATED, PATIENT, library, stored_task

LONDON = ZoneInfo("Europe/London")
PHQ9 = {f"q{number}": 1 for number in range(1, 10)}


def document_of(stored: StoredTask, *, anonymise: bool = False) -> TaskDocument:
    return task_document(stored, library().strings, zone=LONDON, anonymise=anonymise)


def rows_of(document: TaskDocument) -> Iterator[AnswerRow]:
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, AnswerTable):
                yield from (row for row in block.rows if isinstance(row, AnswerRow))


def notices_of(document: TaskDocument) -> dict[str, str]:
    return {notice.kind: " ".join((notice.heading, *notice.details)) for notice in document.notices}


def test_complete_questionnaire() -> None:
    document = document_of(stored_task("phq9", {**PHQ9, "q10": 2}))
    assert document.complete is True
    assert document.notices == ()
    assert [text_of(alert) for alert in document.alerts] != []
    total = document.scores[0]
    assert (text_of(total.value), total.out_of, text_of(total.band)) == ("9", "27", "Mild")
    assert total.bar is not None
    assert [band.start for band in total.bar.bands] == [0, 5, 10, 15, 20]
    assert not total.so_far
    first = next(rows_of(document))
    assert (first.number, first.answer.value, text_of(first.answer.words)) == (
        "1",
        "1",
        "Several days",
    )
    assert len(list(rows_of(document))) == 10


def test_scores_of_an_incomplete_record_never_look_final() -> None:
    document = document_of(stored_task("phq9", {**PHQ9, "q3": None}))
    assert document.complete is False
    assert all(line.so_far for line in document.scores)
    assert "3. Trouble falling or staying asleep" in notices_of(document)["incomplete"]
    assert "10. If you checked off" in notices_of(document)["incomplete"]


def test_an_answer_that_is_not_permitted_is_named_and_shown() -> None:
    document = document_of(stored_task("phq9", {**PHQ9, "q5": 7, "q10": 0}))
    assert "“7” is not permitted (permitted: 0 to 3)" in notices_of(document)["invalid"]
    (row,) = (row for row in rows_of(document) if row.answer.state == "invalid")
    assert row.number == "5"
    assert all(line.so_far for line in document.scores)


def test_banner() -> None:
    banner = document_of(stored_task("phq9", PHQ9)).patient
    assert isinstance(banner, PatientBanner)
    assert (banner.surname, banner.forename, banner.sex) == ("Okonkwo-Lindqvist", "Zoë", "F")
    assert (banner.born and banner.born.text, banner.age) == ("07-Jul-1970", 56)
    assert [(line.label, line.value) for line in banner.idnums] == [
        ("NHS", "943 476 5919"),
        ("Hosp", "123456"),
    ]


@pytest.mark.parametrize(("dob", "age"), [(date(1970, 7, 8), 55), (date(2026, 7, 7), 0)])
def test_age_is_in_completed_years_at_creation(dob: date, age: int) -> None:
    banner = document_of(stored_task("phq9", PHQ9, patient={**PATIENT, "dob": dob})).patient
    assert isinstance(banner, PatientBanner)
    assert banner.age == age


def test_a_hidden_patient_stands_nowhere() -> None:
    note = SpecialNote(1, CREATED, 2, "aclark", "moved to Okonkwo house", True)
    document = document_of(stored_task("phq9", PHQ9, notes=[note]), anonymise=True)
    for text in (html.write(document, str), str(document)):
        for secret in ("Okonkwo", "OKONKWO", "Zoë", "943 476", "1970", "The Street", "Singh"):
            assert secret not in text
    assert isinstance(document.patient, NoPatient)
    assert "Patient's key on the server" not in {fact.label for fact in document.provenance}


def test_missing_patient_and_anonymous_instrument() -> None:
    missing = document_of(stored_task("phq9", PHQ9, patient=None)).patient
    anonymous = document_of(stored_task("apeqpt", {})).patient
    assert isinstance(missing, NoPatient)
    assert missing.reason == "missing"
    assert isinstance(anonymous, NoPatient)
    assert anonymous.reason == "anonymous"


@pytest.mark.parametrize(
    ("columns", "kind", "says"),
    [
        ({"_era": "NOW"}, "live", "Live"),
        ({"_current": False, "_successor_pk": 130}, "version", "Superseded"),
        ({"_current": False}, "version", "Deleted"),
        ({"_manually_erased": True, "_manually_erased_at": CREATED}, "erased", "by admin"),
    ],
)
def test_states_of_a_record(columns: dict[str, object], kind: str, says: str) -> None:
    document = document_of(stored_task("phq9", {**PHQ9, "q10": 0}, **columns))
    assert says in notices_of(document)[kind]


def test_what_people_wrote_is_no_markup_in_a_template_of_answers() -> None:
    written = '<b>bold</b> <a href="https://evil.example">here</a> {total_score} &amp;'
    document = document_of(stored_task("iesr", {"event": written}))
    (row,) = (row for row in rows_of(document) if text_of(row.question) == "Event")
    assert [(run.text, run.bold, run.link) for run in row.answer.words] == [
        (f"{written}:", False, "")
    ]


def test_an_erased_record_has_no_answers_and_asks_for_none() -> None:
    document = document_of(stored_task("phq9", {}, _manually_erased=True))
    assert set(notices_of(document)) == {"erased"}
    assert (document.complete, document.scores, document.sections) == (None, (), ())


def test_patients_words_are_not_markup() -> None:
    hostile = "<b>not bold</b> &amp; <script>x</script>"
    stored = stored_task(
        "photosequence",
        {"sequence_description": hostile, "clinician_name": hostile},
        {"photosequence_photos": [{"description": hostile}]},
    )
    document = document_of(stored)
    assert text_of(document.scores[1].value) == hostile
    fragment = html.write(document, str)
    assert "<b>" not in fragment
    assert "<script" not in fragment
    assert fragment.count("&lt;b&gt;not bold&lt;/b&gt; &amp;amp;") == 3


def test_long_notes_leave_the_table() -> None:
    note = "One line.\n\n" + "word " * 4000
    document = document_of(stored_task("progressnote", {"location": "Ward", "note": note}))
    texts = [b for s in document.sections for b in s.blocks if isinstance(b, FreeText)]
    assert [text.text for text in texts] == ["Ward", note]
    assert document.complete is None


def test_an_empty_note_is_said_to_be_missing() -> None:
    document = document_of(stored_task("progressnote", {}))
    assert document.complete is False
    texts = [b for s in document.sections for b in s.blocks if isinstance(b, FreeText)]
    assert [text.missing for text in texts] == [True, True]


def test_pictures_in_order_with_their_turn() -> None:
    blobs = {5: BlobInfo(105, "image/png", 90, 10), 6: BlobInfo(106, "image/png", 0, 10)}
    photos = [{"description": "a", "photo_blobid": 6}, {"photo_blobid": 5}, {"photo_blobid": 99}]
    stored = stored_task("photosequence", {}, {"photosequence_photos": photos}, blobs=blobs)
    document = document_of(stored)
    pictures = [(p.blob, p.rotation) for p in document.pictures()]
    assert pictures == [(106, 0), (105, 90), (None, 0)]
    assert document.blob_pks == (106, 105)


def test_coded_diagnoses_are_a_table() -> None:
    items = [
        {"code": "F32.1", "description": "Moderate depressive episode", "comment": "since March"},
        {"code": "F10.2", "description": "Dependence", "comment": None},
    ]
    stored = stored_task(
        "diagnosis_icd10",
        {"relates_to_date": date(2026, 7, 1)},
        {"diagnosis_icd10_item": items},
    )
    (grid,) = (b for s in document_of(stored).sections for b in s.blocks if isinstance(b, Grid))
    assert [text_of(cell.words) for cell in grid.rows[0]] == [
        "1",
        "F32.1",
        "Moderate depressive episode",
        "since March",
    ]
    assert grid.rows[1][3].state == "missing"


def test_without_the_owners_wording_values_stand_alone() -> None:
    stored = stored_task("apeqpt", {"q1_choice": 1, "q1_satisfaction": 3})
    document = document_of(stored)
    assert "scope" in notices_of(document)
    fragment = html.write(document, str)
    assert "[a1_choice]" not in fragment
    assert "Enough information about options" in fragment


def test_an_instrument_of_which_only_the_structure_exists() -> None:
    unfinished = next(i for i in library().values() if not i.finished and not i.is_anonymous)
    field = next(iter(unfinished.fields.values()), None)
    document = document_of(stored_task(unfinished.table, {field.name: 1} if field else {}))
    assert "only the structure of this instrument is defined" in notices_of(document)["scope"]
    assert document.complete is None
    assert document.scores == ()


def test_provenance_names_device_user_group_and_keys() -> None:
    facts = {f.label: f.value for f in document_of(stored_task("phq9", PHQ9)).provenance}
    assert facts["Device"] == "Ward tablet 3 (ward3)"
    assert facts["Uploaded"] == "07-Jul-2026 14:20"
    assert facts["Uploaded by"] == "aclark"
    assert facts["Group"] == "Liaison"
    assert facts["Key on the server"] == "123"
    assert facts["Era"] == "07-Jul-2026 14:30"


def test_reading_a_document_leaves_the_results_alone() -> None:
    stored = stored_task("progressnote", {"note": "a < b"})
    document_of(stored)
    assert stored.results is not None
    assert stored.results.reading is not None
    assert stored.results.reading.environment.fields["note"] == "a < b"


@pytest.mark.parametrize("table", sorted(library()))
def test_every_instrument_opens_empty_and_full(table: str) -> None:
    instrument = library()[table]
    rows = {name: [{}, dict.fromkeys(child.fields, 1)] for name, child in instrument.tables.items()}
    for stored in (
        stored_task(table, {}),
        stored_task(table, dict.fromkeys(instrument.fields, 1), rows),
    ):
        document = document_of(stored)
        assert html.write(document, str).count("<h1>") == 1
    assert pdf.write(document, {}).startswith(b"%PDF-")
