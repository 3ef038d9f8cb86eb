# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of the PDF template: a document's tree as plain lists, maps and drawable texts."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from camcops.documents.glyphs import JOINERS, Coverage
from camcops.documents.phrases import banner_facts, banner_name, isolated, legend_text
from camcops.documents.pictures import upright
from camcops.documents.tree import (
    Answer,
    Bar,
    Fact,
    FreeText,
    Grid,
    IdNumberLine,
    NoPatient,
    PatientBanner,
    Picture,
    SpecialNote,
    TaskDocument,
    text_of,
)
from camcops.documents.typesetting import MARKS, settable, unmarked

_POINTS_PER_PIXEL = 72 / 150
_WIDTH = {False: 481.0, True: 728.0}
"""Width of the text in points, upright and landscape."""
_HEIGHT = {False: 300.0, True: 220.0}
"""Greatest height of one picture of several: two stand on a page. One alone may be taller."""
_ALONE = 1.3
_LONG = 400
_NARROWEST, _WIDEST = 6, 40
_NEED_NO_GLYPH = JOINERS | MARKS
MOST_TEXT = 300_000
"""Bytes of text in one document, a line feed counting as twenty: some hundred pages, set in seconds."""
_LINE_FEED = 20
MOST_PIXELS = 200_000_000
"""Of all pictures in one document that must be unpacked (see `UprightPicture.cost`)."""


def _weights(grid: Grid) -> list[int]:
    """How wide each column is beside the others: by its longest text, within bounds."""
    columns = zip(*([Answer(heading) for heading in grid.headings], *grid.rows), strict=True)
    return [
        min(max(_NARROWEST, *(len(text_of(cell.words)) for cell in column)), _WIDEST)
        for column in columns
    ]


class Encoder:
    """Turns a tree into data; remembers in `lost` the characters that no font can draw."""

    def __init__(
        self,
        coverage: Coverage,
        blobs: Mapping[int, bytes],
        labels: Mapping[str, str],
        *,
        landscape: bool,
    ) -> None:
        self.coverage = coverage
        self.blobs = blobs
        self.labels = labels
        self.most_width, self.most_height = _WIDTH[landscape], _HEIGHT[landscape]
        self.lost: set[str] = set()
        self.made: dict[str, str] = {}
        self.text_left = MOST_TEXT
        self.pixels_left = MOST_PIXELS

    def text(self, text: str) -> str:
        """The text with line feeds only, a box for what can't be drawn, and long words breakable.

        Once the document holds as much as can be set in a reasonable time, a remark of what was left out.
        """
        if text not in self.made:
            self.made[text] = self._drawable(text)
        return self.made[text]

    def _drawable(self, text: str) -> str:
        cost = len(text.encode()) + _LINE_FEED * (text.count("\n") + text.count("\r"))
        if cost > max(self.text_left, _LONG):
            text = self.labels["too_long"].format(count=len(text))
            cost = len(text)
        self.text_left -= cost
        drawable, lost = self.coverage.drawable(settable(text), _NEED_NO_GLYPH)
        self.lost |= lost
        return drawable

    def node(self, value: object) -> Any:
        """Any part of the tree; a dataclass becomes a map with its name as `kind`."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, tuple):
            return [self.node(item) for item in value]
        if isinstance(value, Mapping):
            return {str(key): self.node(item) for key, item in value.items()}
        if is_dataclass(value):
            data: dict[str, Any] = {
                f.name: self.node(getattr(value, f.name)) for f in fields(value)
            }
            data["kind"] = type(value).__name__
            data.update(self._more(value))
            return data
        return value

    def _more(self, value: object) -> dict[str, Any]:
        """What the template wants ready made."""
        match value:
            case Picture():
                return self._picture(value)
            case FreeText():
                lines = self.text(value.text).split("\n\n")
                return {"paragraphs": [line.strip("\n") for line in lines if line.strip()]}
            case Answer():
                return {"long": len(text_of(value.words)) > _LONG}
            case Bar():
                return {"legend": self.text(legend_text(value))}
            case Fact():
                return {"value": self.text(isolated(value.value))}
            case IdNumberLine():
                return {"label": self.text(isolated(value.label))}
            case Grid():
                return {"weights": _weights(value)}
            case SpecialNote():
                when = value.when.text if value.when else ""
                head = f"{when} {self.labels['note_by']} {isolated(value.author)}".strip()
                return {"head": self.text(head)}
            case PatientBanner():
                return {
                    "name": self.text(banner_name(value, self.labels)),
                    "facts": [self.text(fact) for fact in banner_facts(value, self.labels)],
                }
            case _:
                return {}

    def _picture(self, picture: Picture) -> dict[str, Any]:
        made = None
        if picture.blob is not None and picture.blob in self.blobs:
            made = upright(self.blobs[picture.blob], picture.rotation)
        if made is not None:
            self.pixels_left -= made.cost
        if made is not None and self.pixels_left < 0:
            return {"svg": "", "instead": self.labels["pictures_too_large"]}
        if made is None:
            absent = "no_picture" if picture.blob is None else "picture_broken"
            return {"svg": "", "instead": self.labels[absent]}
        scale = min(_POINTS_PER_PIXEL, self.most_width / made.width, self.most_height / made.height)
        return {
            "svg": made.svg,
            "width": made.width * scale,
            "height": made.height * scale,
            "alt": unmarked(picture.alt),
        }

    def task(self, document: TaskDocument) -> dict[str, Any]:
        """The whole document."""
        if sum(1 for _ in document.pictures()) == 1:
            self.most_height *= _ALONE
        data: dict[str, Any] = self.node(document)
        who = (
            document.patient.text
            if isinstance(document.patient, NoPatient)
            else banner_name(document.patient, document.labels)
        )
        created = document.created.text if document.created else ""
        language, _, region = document.language.partition("-")
        version = document.labels["version"].format(version=document.version)
        subtitle = [document.short_name, f"{document.labels['created']} {created}", version]
        footer = [document.short_name, created, f"{document.labels['record']} {document.key}"]
        data["heading"] = unmarked(f"{document.short_name}, {created}: {who}")
        data["subtitle"] = self.text(" · ".join(subtitle))
        data["footer"] = self.text(" · ".join(part for part in footer if part))
        data["lang"] = language
        data["region"] = region.lower() or None
        return data
