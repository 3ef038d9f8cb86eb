# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents as HTML fragments."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from camcops.documents import html
from camcops.documents.tree import (
    Answer,
    AnswerRow,
    AnswerTable,
    FreeText,
    Grid,
    IdNumberLine,
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
from tests.documents.specimens import PATIENT, incomplete, specimen

HOSTILE = "<script>alert('x')</script>\" onload=\"x"


def blob_url(pk: int) -> str:
    return f"/webview/blobs/{pk}"


def written(document: TaskDocument) -> str:
    return html.write(document, blob_url)


class _Balance(HTMLParser):
    """Notes elements that are not closed in order."""

    VOID = frozenset({"br", "img", "rect", "line"})

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.stack.append(tag)
        self.faults += [name for name, _ in attrs if name == "style" or name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and (not self.stack or self.stack.pop() != tag):
            self.faults.append(tag)


def test_fragment_is_well_formed_without_style_or_script() -> None:
    for document in (specimen(), incomplete()):
        parser = _Balance()
        fragment = written(document)
        parser.feed(fragment)
        assert parser.stack == []
        assert parser.faults == []
        assert "<script" not in fragment


def test_what_a_clinician_looks_for() -> None:
    fragment = written(specimen())
    assert "<bdi>OKONKWO-LINDQVIST</bdi>, <bdi>Zoë</bdi>" in fragment
    assert 'born <time datetime="1970-07-07" dir="ltr">07-Jul-1970</time> (56 y)' in fragment
    assert "943 476 5919" in fragment
    assert (
        '<time datetime="2026-07-07T14:05:00+01:00" dir="ltr">07-Jul-2026 14:05</time>' in fragment
    )
    assert '<strong class="doc-score">14</strong> <span class="doc-out-of">/ 27</span>' in fragment
    assert re.search(r'role="alert".*self-harm', fragment)


def test_incomplete_scores_are_prefixed() -> None:
    fragment = written(incomplete())
    assert "<em>so far</em>" in fragment
    assert "Not answered: 3, 7" in fragment
    assert "permitted: 0 to 3" in fragment


def test_every_text_is_escaped() -> None:
    hostile = plain(HOSTILE)
    document = replace(
        specimen(),
        title=HOSTILE,
        short_name=HOSTILE,
        patient=replace(
            PATIENT,
            surname=HOSTILE,
            forename=HOSTILE,
            sex=HOSTILE,
            idnums=(IdNumberLine(HOSTILE, HOSTILE, HOSTILE),),
        ),
        alerts=(hostile,),
        special_notes=(SpecialNote(None, HOSTILE, HOSTILE),),
        sections=(
            Section(
                hostile,
                (
                    AnswerTable(
                        (
                            SubHeading(hostile),
                            AnswerRow(
                                HOSTILE, hostile, Answer(hostile, HOSTILE, "invalid", HOSTILE)
                            ),
                        )
                    ),
                    Paragraph((Run(HOSTILE, link=f"https://example.org/{HOSTILE}"),)),
                    ListBlock((hostile,)),
                    FreeText(hostile, HOSTILE),
                    Picture(7, 0, HOSTILE, hostile),
                    Grid(hostile, (hostile,), ((Answer(hostile),),)),
                ),
            ),
        ),
    )
    fragment = written(document)
    assert "<script" not in fragment
    parser = _Balance()
    parser.feed(fragment)
    assert parser.faults == []


@pytest.mark.parametrize("reason", ["anonymous", "hidden", "missing"])
def test_no_patient_is_said(reason: str) -> None:
    document = replace(specimen(), patient=NoPatient(reason, f"because: {reason}"))  # type: ignore[arg-type]
    fragment = written(document)
    assert f"<p>because: {reason}</p>" in fragment
    assert "OKONKWO" not in fragment


def test_direction_and_language() -> None:
    fragment = written(replace(specimen(), language="ar", direction="rtl"))
    assert fragment.startswith('<article class="doc" lang="ar" dir="rtl">')


def test_pictures() -> None:
    pictures = Section((), (Picture(7, 90, "a rash"), Picture(None, 0, "nothing")))
    fragment = written(replace(specimen(), sections=(pictures,)))
    assert (
        '<figure class="doc-picture doc-turn-90"><img src="/webview/blobs/7" alt="a rash"'
        in fragment
    )
    assert "(no picture)" in fragment


def test_the_style_sheet_styles_only_what_is_written() -> None:
    source = Path(html.__file__).parent
    sheet = source.parent / "web" / "static" / "document.css"
    styled = {
        word.split(":")[0].rstrip(",{")
        for word in sheet.read_text("utf-8").replace(".", " .").split()
        if word.startswith(".doc-")
    }
    written = "".join(path.read_text("utf-8") for path in source.glob("html*.py"))
    stems = ("doc-turn-", "doc-notice-", "doc-tone-", "doc-banner-")
    for name in sorted(styled):
        plain = name.removeprefix(".")
        assert plain in written or plain.startswith(stems), name
