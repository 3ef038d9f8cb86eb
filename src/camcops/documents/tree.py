# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of a task: a neutral tree that says what is to be read, not how it looks.

Every text in it is already in words of the reader's language. Writers know only these classes, so a
new output format is one new writer, and a new instrument is none. A line feed inside a text is a
line break.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Direction = Literal["ltr", "rtl"]
Tone = Literal["plain", "strong", "large", "note", "warning"]
AnswerState = Literal["answered", "missing", "invalid"]
NoticeKind = Literal["incomplete", "invalid", "version", "live", "erased", "scope"]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style. `link` is an absolute web or mail address, or empty."""

    text: str
    bold: bool = False
    italic: bool = False
    underline: bool = False
    script: Literal["", "sub", "sup"] = ""
    link: str = ""


Inline = tuple[Run, ...]


def plain(text: str) -> Inline:
    """A text without any markup."""
    return (Run(text),) if text else ()


def text_of(inline: Inline) -> str:
    """The words alone."""
    return "".join(run.text for run in inline)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, or date and time: as shown, and in ISO 8601 for machines."""

    text: str
    iso: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value; `moment` where the value is one."""

    label: str
    value: str
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class IdNumberLine:
    """An ID number: short name, value as it is read aloud, and what is wrong with it, if anything."""

    label: str
    value: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class PatientBanner:
    """Who the patient is. `surname` and `forename` as recorded; `age` in completed years at creation."""

    surname: str
    forename: str
    sex: str
    born: Moment | None
    age: int | None
    idnums: tuple[IdNumberLine, ...]
    details: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class NoPatient:
    """Why no patient is named: the instrument is anonymous, the name is hidden, or no record came."""

    reason: Literal["anonymous", "hidden", "missing"]
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A state that the reader must know before reading on: a heading and what it means in detail."""

    kind: NoticeKind
    heading: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpecialNote:
    """A note that a user added to the task or the patient on the server."""

    when: Moment | None
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class PersonBlock:
    """The clinician or the respondent."""

    heading: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class BarBand:
    """A stretch of a score's range, from its lower bound."""

    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """The range of a score, its bands, and where the value lies (None: no value)."""

    low: float
    high: float
    value: float | None
    bands: tuple[BarBand, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """A score: "14 / 27 · moderate". `so_far` marks that of an incomplete or invalid record."""

    label: Inline
    value: Inline
    out_of: str = ""
    band: Inline = ()
    bar: Bar | None = None
    note: Inline = ()
    so_far: bool = False
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in words, the stored value beside it, and what is wrong with it."""

    words: Inline
    value: str = ""
    state: AnswerState = "answered"
    fault: str = ""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A question and its answer: one line of a table, never split between pages."""

    number: str
    question: Inline
    answer: Answer


@dataclass(frozen=True, slots=True)
class SubHeading:
    """A heading within a table of answers."""

    text: Inline


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Questions and answers."""

    rows: tuple[AnswerRow | SubHeading, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 3 stands below a section's own."""

    text: Inline
    level: Literal[2, 3, 4] = 3


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A text of the instrument."""

    text: Inline
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list of texts."""

    items: tuple[Inline, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class FreeText:
    """What somebody wrote at length: set over the full width, may run over pages."""

    heading: Inline
    text: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored picture: its server key (None: there is none), degrees clockwise, what it shows."""

    blob: int | None
    rotation: int
    alt: str
    heading: Inline = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of rows under column headings."""

    title: Inline
    headings: tuple[Inline, ...]
    rows: tuple[tuple[Answer, ...], ...]


Block = AnswerTable | Heading | Paragraph | ListBlock | FreeText | Picture | Grid


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the document under its heading (may be empty)."""

    heading: Inline
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class TaskDocument:
    """All that is to be read about one task.

    `complete` is None where completeness has no meaning. `labels` are the fixed words, by name.
    `key` names the record ("phq9 123"). `signature`: leave room for the clinician's signature.
    """

    title: str
    short_name: str
    version: int
    language: str
    direction: Direction
    landscape: bool
    key: str
    created: Moment | None
    patient: PatientBanner | NoPatient
    labels: Mapping[str, str]
    alerts: tuple[Inline, ...] = ()
    notices: tuple[Notice, ...] = ()
    special_notes: tuple[SpecialNote, ...] = ()
    people: tuple[PersonBlock, ...] = ()
    complete: bool | None = None
    scores: tuple[ScoreLine, ...] = ()
    sections: tuple[Section, ...] = ()
    footnotes: tuple[Inline, ...] = ()
    provenance: tuple[Fact, ...] = ()
    signature: bool = False

    def pictures(self) -> Iterator[Picture]:
        """Every picture, in order."""
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Picture):
                    yield block

    @property
    def blob_pks(self) -> tuple[int, ...]:
        """Server keys of the pictures that a writer needs, each once."""
        return tuple(dict.fromkeys(p.blob for p in self.pictures() if p.blob is not None))
