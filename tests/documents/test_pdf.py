# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents as PDF: read back with another program."""

import io
import resource
import threading
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from camcops.documents import pdf
from camcops.documents.tree import (
    Answer,
    AnswerRow,
    AnswerTable,
    FreeText,
    Grid,
    Heading,
    ListBlock,
    NoPatient,
    Paragraph,
    Picture,
    Run,
    Section,
    SpecialNote,
    SubHeading,
    TaskDocument,
    plain,
)
from tests.documents.specimens import PATIENT, incomplete, png, specimen
from tests.documents.test_glyphs import SAMPLES

RIGHT_TO_LEFT = {"Arabic", "Persian, Urdu", "Hebrew"}


def read(document: TaskDocument, blobs: dict[int, bytes] | None = None) -> PdfReader:
    return PdfReader(io.BytesIO(pdf.write(document, blobs or {})))


def words_of(reader: PdfReader) -> str:
    text = " ".join(page.extract_text() for page in reader.pages)
    return " ".join(text.split())


def with_blocks(*blocks: object) -> TaskDocument:
    return replace(specimen(), sections=(Section((), blocks),))  # type: ignore[arg-type]


def test_what_a_clinician_looks_for() -> None:
    text = words_of(read(specimen()))
    for wanted in (
        "OKONKWO-LINDQVIST, Zoë",
        "born 07-Jul-1970 (56 y)",
        "943 476 5919",
        "Alert: Thoughts of self-harm",
        "14 / 27 · moderate",
        "Little interest or pleasure in doing things More than half the days",
        "Signature",
        "Ward tablet 3",
        "page 1 of 1",
    ):
        assert wanted in text


def test_incomplete_record() -> None:
    text = words_of(read(incomplete()))
    assert "so far 14 / 27" in text
    assert "Not answered: 3, 7" in text
    assert "permitted: 0 to 3" in text


def test_tagged_titled_and_in_a_language() -> None:
    reader = read(specimen())
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert reader.metadata is not None
    assert reader.metadata.title is not None
    assert reader.metadata.title.startswith("PHQ-9, 07-Jul-2026 14:05")
    assert b"pdfuaid:part>1<" in reader.xmp_metadata.stream.get_data()  # type: ignore[union-attr]
    titles = [item.title for item in reader.outline if not isinstance(item, list)]  # type: ignore[union-attr]
    assert titles == ["Patient Health Questionnaire-9"]


def test_a4_upright_or_landscape() -> None:
    upright = read(specimen()).pages[0].mediabox
    across = read(replace(specimen(), landscape=True)).pages[0].mediabox
    assert (round(upright.width), round(upright.height)) == (595, 842)
    assert (round(across.width), round(across.height)) == (842, 595)


def test_patient_and_page_number_on_every_page() -> None:
    note = "The patient came with her sister and spoke of the summer. " * 345
    assert len(note) > 20_000
    reader = read(with_blocks(FreeText(plain("Note"), note)))
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        assert "943 476 5919" in page
        assert f"page {number} of {len(pages)}" in page
    assert words_of(reader).count("summer") == 345


@pytest.mark.parametrize("script", SAMPLES)
def test_names_in_every_script(script: str) -> None:
    name = SAMPLES[script]
    document = replace(specimen(), patient=replace(PATIENT, surname=name, forename=""))
    text = words_of(read(document))
    assert "U+" not in text
    letters = {c for c in unicodedata.normalize("NFKD", name.upper()) if c.isalpha()}
    shown = unicodedata.normalize("NFKD", text)
    assert letters <= set(shown)


def test_undrawable_characters_are_listed() -> None:
    text = words_of(read(replace(specimen(), title="Smile \U0001f600\x07")))
    assert "Smile □□" in text
    assert "U+0007, U+1F600" in text


def test_patient_text_is_never_markup() -> None:
    hostile = '#panic("x") *bold* $x$ `raw` <label> @ref #image("/etc/passwd") \\ " // note /* x'
    document = replace(
        with_blocks(
            FreeText(plain(hostile), hostile),
            Heading(plain(hostile)),
            Paragraph(plain(hostile), "warning"),
            ListBlock((plain(hostile),), ordered=True),
            AnswerTable(
                (SubHeading(plain(hostile)), AnswerRow("1", plain(hostile), Answer(plain(hostile))))
            ),
            Grid(plain(hostile), (plain("a"),), ((Answer(plain(hostile)),),)),
        ),
        title=hostile,
        special_notes=(SpecialNote(None, "me", hostile),),
    )
    text = words_of(read(document))
    assert text.replace(" ", "").count(hostile.replace(" ", "")) >= 8


def test_pictures_are_turned_scaled_and_never_fatal() -> None:
    pictures = {1: png(300, 200), 2: b"junk", 3: png(300, 200)[:90], 4: png(5000, 40)}
    reader = read(
        with_blocks(
            Picture(1, 0, "first"),
            Picture(1, 90, "turned"),
            Picture(2, 0, "junk"),
            Picture(3, 0, "cut short"),
            Picture(4, 0, "wide"),
            Picture(5, 0, "not there"),
            Picture(None, 0, "none taken"),
        ),
        pictures,
    )
    text = words_of(reader)
    assert text.count("(picture could not be shown)") == 3
    assert text.count("(no picture)") == 1
    assert sum(len(page.images) for page in reader.pages) == 2


def test_a_picture_that_only_decoding_finds_broken_is_left_out() -> None:
    good, bad = png(30, 20), bytearray(png(30, 20))
    bad_png = _with_broken_pixels(bytes(bad))
    reader = read(with_blocks(Picture(1, 0, "good"), Picture(2, 0, "bad")), {1: good, 2: bad_png})
    assert "(picture could not be shown)" in words_of(reader)
    assert sum(len(page.images) for page in reader.pages) == 1


def _with_broken_pixels(data: bytes) -> bytes:
    """A PNG whose check sums are right and whose compressed pixels are nonsense."""
    import struct
    import zlib

    at = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    body = b"\xff" * length
    check = struct.pack(">I", zlib.crc32(b"IDAT" + body))
    return data[: at + 4] + body + check + data[at + 8 + length :]


def test_twelve_photographs() -> None:
    pictures = tuple(
        Picture(pk, 90 * pk, f"Photo {pk}", plain(f"Photo {pk}: left hand")) for pk in range(1, 13)
    )
    reader = read(with_blocks(*pictures), {pk: png(400 + pk, 300) for pk in range(1, 13)})
    assert sum(len(page.images) for page in reader.pages) == 12
    assert words_of(reader).count("left hand") == 12


def test_very_long_names_stay_on_the_page() -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff" * 7
    reader = read(replace(specimen(), patient=replace(PATIENT, surname=name, forename=name)))
    assert name.upper() in words_of(reader).replace(" ", "")


def test_anonymous() -> None:
    document = replace(specimen(), patient=NoPatient("anonymous", "Anonymous: nobody is named."))
    reader = read(document)
    assert "Anonymous: nobody is named." in words_of(reader)
    assert "OKONKWO" not in words_of(reader)


def test_right_to_left_documents() -> None:
    document = replace(specimen(), language="ar", direction="rtl")
    assert read(document).trailer["/Root"]["/Lang"] == "ar"


def test_threads_share_the_compiler() -> None:
    made: dict[int, str] = {}

    def work(number: int) -> None:
        made[number] = words_of(read(replace(specimen(), key=f"phq9 {number}")))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f"Record phq9 {number}" in made[number] for number in range(6))


def test_styles() -> None:
    runs = (
        Run("b", bold=True),
        Run("i", italic=True),
        Run("u", underline=True),
        Run("2", script="sup"),
    )
    reader = read(with_blocks(Paragraph((*runs, Run("site", link="https://example.org/")))))
    links = [
        annotation.get_object()["/A"]["/URI"]
        for page in reader.pages
        for annotation in page.get("/Annots", ())
        if isinstance(annotation, IndirectObject)
    ]
    assert links == ["https://example.org/"]


@pytest.mark.slow
def test_pictures_do_not_pile_up_in_memory() -> None:
    """A dozen documents with 13 MB of pictures each: what the process holds stays below five of them."""
    before = _resident_bytes()
    for number in range(12):
        pictures = {pk: png(1200, 900, noise=True) for pk in range(1, 5)}
        blocks = tuple(Picture(pk, 0, f"{pk} of {number}") for pk in pictures)
        assert len(pdf.write(with_blocks(*blocks), pictures)) > 12_000_000
    assert _resident_bytes() - before < 5 * 36_000_000


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()
