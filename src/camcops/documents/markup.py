# SPDX-License-Identifier: GPL-3.0-or-later
"""The simple markup that instruments' strings may hold, read into runs.

Known are `b strong i em u sub sup br p ul ol li a`, without attributes but `href` (web and mail
addresses only). Whatever else looks like a tag, or is left open, is text and shown as it stands.
"""

import html
import re
from dataclasses import dataclass, replace

from camcops.documents.tree import Block, Inline, ListBlock, Paragraph, Run, Tone

_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>b|strong|i|em|u|sub|sup|br|p|ul|ol|li|a)"
    r"(?:\s+href\s*=\s*(?:\"(?P<double>[^\"<>]*)\"|'(?P<single>[^'<>]*)'))?\s*(?P<void>/?)>",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f]+\Z", re.IGNORECASE)
_STYLES = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline"}
_SPACE = re.compile(r"[ \t\r\n\f]+")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the text: runs of a paragraph, or of an item of a list."""

    runs: list[Run]
    listing: int = 0
    ordered: bool = False


class _Reader:
    """Walks over the markup once; `listing` numbers the list that is open, 0 for none."""

    def __init__(self) -> None:
        self.pieces = [_Piece([])]
        self.open: list[tuple[str, Run]] = []
        self.style = Run("")
        self.lists = 0
        self.ordered: list[bool] = []

    def text(self, raw: str) -> None:
        words = html.unescape(_SPACE.sub(" ", raw))
        runs = self.pieces[-1].runs
        if words and (runs or words.strip()):
            runs.append(replace(self.style, text=words if runs else words.lstrip(" ")))

    def tag(self, name: str, closing: bool, href: str) -> None:
        if name == "br":
            self.pieces[-1].runs.append(replace(self.style, text="\n"))
        elif name in ("p", "ul", "ol", "li"):
            self._block(name, closing)
        elif closing:
            self._close(name)
        else:
            self._open(name, href)

    def _block(self, name: str, closing: bool) -> None:
        if name in ("ul", "ol"):
            if not closing:
                self.lists += 1
                self.ordered.append(name == "ol")
            elif self.ordered:
                self.ordered.pop()
            self.pieces.append(_Piece([]))
        elif name == "li" and not closing and self.ordered:
            self.pieces.append(_Piece([], self.lists, self.ordered[-1]))
        else:
            inside_item = name == "p" and self.pieces[-1].listing
            if not inside_item:
                self.pieces.append(_Piece([]))

    def _open(self, name: str, href: str) -> None:
        self.open.append((name, self.style))
        if name in _STYLES:
            self.style = replace(self.style, **{_STYLES[name]: True})  # type: ignore[arg-type]
        elif name == "sub":
            self.style = replace(self.style, script="sub")
        elif name == "sup":
            self.style = replace(self.style, script="sup")
        elif name == "a" and _LINK.match(href):
            self.style = replace(self.style, link=href)

    def _close(self, name: str) -> None:
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place][0] == name:
                self.style = self.open[place][1]
                del self.open[place:]
                return


def _read(source: str) -> list[_Piece]:
    reader = _Reader()
    at = 0
    for found in _TAG.finditer(source):
        reader.text(source[at : found.start()])
        href = html.unescape(found["double"] or found["single"] or "")
        reader.tag(found["name"].lower(), bool(found["close"]), href)
        at = found.end()
    reader.text(source[at:])
    return [piece for piece in map(_trimmed, reader.pieces) if piece.runs]


def _trimmed(piece: _Piece) -> _Piece:
    runs = _joined(piece.runs)
    if runs:
        runs[-1] = replace(runs[-1], text=runs[-1].text.rstrip(" \n"))
    return replace(piece, runs=[run for run in runs if run.text])


def _joined(runs: list[Run]) -> list[Run]:
    """Neighbours of one style as one run."""
    joined: list[Run] = []
    for run in runs:
        if joined and replace(joined[-1], text=run.text) == run:
            joined[-1] = replace(run, text=joined[-1].text + run.text)
        else:
            joined.append(run)
    return joined


def inline(source: str) -> Inline:
    """The markup as one stretch of runs; paragraphs and items become lines."""
    runs: list[Run] = []
    for piece in _read(source):
        if runs:
            runs.append(Run("\n"))
        if piece.listing:
            runs.append(Run("• "))
        runs.extend(piece.runs)
    return tuple(_joined(runs))


def blocks(source: str, tone: Tone = "plain") -> tuple[Block, ...]:
    """The markup as paragraphs and lists."""
    made: list[Block] = []
    last_list = 0
    for piece in _read(source):
        words = tuple(piece.runs)
        before = made[-1] if made else None
        if not piece.listing:
            made.append(Paragraph(words, tone))
        elif isinstance(before, ListBlock) and piece.listing == last_list:
            made[-1] = replace(before, items=(*before.items, words))
        else:
            made.append(ListBlock((words,), piece.ordered))
        last_list = piece.listing
    return tuple(made)
