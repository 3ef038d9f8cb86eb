# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts made ready for typesetting: line ends, directions, very long words.

Signs without shape would end up among the letters when somebody copies from the PDF. So those of the
text are dropped, and what we need ourselves is marked by signs that the template turns into layout.
"""

import re
import unicodedata

from camcops.documents.phrases import END_OF_ISOLATE, FIRST_STRONG_ISOLATE

BREAK_HERE = "\u200b"
LEFT_TO_RIGHT = "\u2066"
RIGHT_TO_LEFT = "\u2067"
MARKS = frozenset({BREAK_HERE, LEFT_TO_RIGHT, RIGHT_TO_LEFT, END_OF_ISOLATE})
"""What the template turns into layout; never drawn."""

_SHAPELESS = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]+"
)
_ISOLATE = re.compile(f"{FIRST_STRONG_ISOLATE}([^{FIRST_STRONG_ISOLATE}]*?){END_OF_ISOLATE}")
_LONG_WORD = re.compile(r"\S{31,}")
_CHUNK = 20
_LINE, _LONGEST_LINE = 400, 4000
_TAB = "    "


def settable(text: str) -> str:
    """The text with line feeds, marked directions and breakable long words, and no shapeless signs."""
    if text.isascii() and len(text) < _CHUNK:
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", _TAB)
    made, at = [], 0
    for found in _ISOLATE.finditer(text):
        made.append(_plain(text[at : found.start()]))
        made.append(_direction(found[1]) + _plain(found[1]) + END_OF_ISOLATE)
        at = found.end()
    made.append(_plain(text[at:]))
    return "".join(made)


def _plain(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", _TAB)
    return _LONG_WORD.sub(_breakable, _SHAPELESS.sub("", text))


def _direction(text: str) -> str:
    """The mark of the direction that the first letter has."""
    for character in text:
        bidirectional = unicodedata.bidirectional(character)
        if bidirectional in ("R", "AL"):
            return RIGHT_TO_LEFT
        if bidirectional == "L":
            return LEFT_TO_RIGHT
    return LEFT_TO_RIGHT


def _breakable(word: re.Match[str]) -> str:
    """A very long word with places where a line may break, never before a combining mark.

    After some hundred characters it does break: the compiler cannot set a line of 64 KB.
    """
    made: list[str] = []
    line = 0
    for place, character in enumerate(word[0]):
        fit = place % _CHUNK == 0 and unicodedata.category(character)[0] in "LNP"
        if (fit and place - line >= _LINE) or place - line >= _LONGEST_LINE:
            made.append("\n")
            line = place
        elif fit and place:
            made.append(BREAK_HERE)
        made.append(character)
    return "".join(made)


def unmarked(text: str) -> str:
    """The text for machines alone (a title, an alternative text): never drawn, so without any mark."""
    return _SHAPELESS.sub("", text)
