# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents made by hand, for the writers' tests."""

import os
import struct
import zlib
from dataclasses import replace

from camcops.documents.labels import ENGLISH
from camcops.documents.tree import (
    Answer,
    AnswerRow,
    AnswerTable,
    Bar,
    BarBand,
    Fact,
    IdNumberLine,
    Moment,
    Notice,
    PatientBanner,
    PersonBlock,
    Run,
    ScoreLine,
    Section,
    TaskDocument,
    plain,
)

PATIENT = PatientBanner(
    surname="Okonkwo-Lindqvist",
    forename="Zoë",
    sex="F",
    born=Moment("07-Jul-1970", "1970-07-07"),
    age=56,
    idnums=(
        IdNumberLine("NHS", "943 476 5919"),
        IdNumberLine("Hosp", "M0123456", "not a valid number of its kind"),
    ),
)
QUESTIONS = (
    "Little interest or pleasure in doing things",
    "Feeling down, depressed, or hopeless",
    "Trouble falling or staying asleep, or sleeping too much",
    "Feeling tired or having little energy",
    "Poor appetite or overeating",
    "Feeling bad about yourself, or that you are a failure or have let yourself or your family down",
    "Trouble concentrating on things, such as reading the newspaper or watching television",
    "Moving or speaking so slowly that other people could have noticed; or the opposite",
    "Thoughts that you would be better off dead, or of hurting yourself in some way",
)
FREQUENCIES = ("Not at all", "Several days", "More than half the days", "Nearly every day")


def answers(values: tuple[int | None, ...]) -> AnswerTable:
    """Rows of the questions above with these answers."""
    rows = []
    for number, (question, value) in enumerate(zip(QUESTIONS, values, strict=True), start=1):
        if value is None:
            answer = Answer(plain("not answered"), state="missing")
        elif value > 3:
            answer = Answer(plain(str(value)), "", "invalid", "permitted: 0 to 3")
        else:
            answer = Answer(plain(FREQUENCIES[value]), str(value))
        rows.append(AnswerRow(str(number), plain(question), answer))
    return AnswerTable(tuple(rows))


BANDS = (
    BarBand(0, 5, "none"),
    BarBand(5, 10, "mild"),
    BarBand(10, 15, "moderate"),
    BarBand(15, 20, "moderately severe"),
    BarBand(20, 27, "severe"),
)


def specimen() -> TaskDocument:
    """A complete depression questionnaire with an alert."""
    return TaskDocument(
        title="Patient Health Questionnaire-9",
        short_name="PHQ-9",
        version=1,
        language="en-GB",
        direction="ltr",
        landscape=False,
        key="phq9 123",
        created=Moment("07-Jul-2026 14:05", "2026-07-07T14:05:00+01:00"),
        patient=PATIENT,
        labels=ENGLISH,
        alerts=((Run("Thoughts of self-harm: answered "), Run("Several days", bold=True)),),
        people=(
            PersonBlock("Clinician", (Fact("Name", "Dr A. Clark"), Fact("Post", "Consultant"))),
        ),
        complete=True,
        scores=(
            ScoreLine(
                plain("Total score"),
                plain("14"),
                "27",
                plain("moderate"),
                Bar(0, 27, 14, BANDS),
            ),
            ScoreLine(plain("Core symptoms"), plain("2"), "2", bar=Bar(0, 2, 2)),
            ScoreLine(plain("Major depressive syndrome"), plain("yes")),
        ),
        sections=(
            Section(
                plain("Over the last two weeks"),
                (answers((2, 3, 1, 1, 2, 1, 2, 1, 1)),),
            ),
        ),
        footnotes=(
            (Run("Ratings over the last two weeks. Range 0"), Run("–27"), Run("2", script="sup")),
        ),
        provenance=(
            Fact(
                "Created",
                "07-Jul-2026 14:05",
                Moment("07-Jul-2026 14:05", "2026-07-07T14:05:00+01:00"),
            ),
            Fact("Device", "Ward tablet 3 (ward3)"),
            Fact("Uploaded", "07-Jul-2026 14:20 by aclark"),
        ),
        signature=True,
    )


def incomplete() -> TaskDocument:
    """A record with a missing and an impossible answer."""
    document = specimen()
    total = replace(document.scores[0], so_far=True, band=())
    return replace(
        document,
        alerts=(),
        complete=False,
        notices=(
            Notice("incomplete", "Incomplete", ("Not answered: 3, 7",)),
            Notice("invalid", "Invalid answer", ("Poor appetite: 7 is not permitted (0 to 3)",)),
        ),
        scores=(total, *document.scores[1:]),
        sections=(Section((), (answers((2, 3, None, 1, 7, 1, None, 1, 0)),)),),
    )


def png(width: int, height: int, *, noise: bool = False) -> bytes:
    """A picture whose top left quarter is dark, so that turning it shows."""
    lines = bytearray()
    for y in range(height):
        lines.append(0)
        if noise:
            lines += os.urandom(3 * width)
        else:
            dark = y < height // 2
            left = b"\x10\x40\x60" if dark else b"\xd0\xd8\xe0"
            lines += left * (width // 2) + b"\xe8\xe0\xd0" * (width - width // 2)

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(lines), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
