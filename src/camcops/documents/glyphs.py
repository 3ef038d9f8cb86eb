# SPDX-License-Identifier: GPL-3.0-or-later
"""Which characters the fonts can draw.

The PDF compiler says nothing of a character that no font has, and an accessible PDF may hold none.
So what can't be drawn is found beforehand, from the fonts' own character maps, and replaced by a
visible box; the document then lists what stood there.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FONT_FOLDER = Path(__file__).parent / "fonts"
REPLACEMENT = "\u25a1"
LINE_BREAKS = frozenset("\n")
"""Control characters that writers turn into layout."""
CONTROLS = frozenset(range(0x20)) | frozenset(range(0x7F, 0xA0))
"""Code points that no text should hold, though some fonts map them."""
JOINERS = frozenset("\u200c\u200d")
"""Signs without shape of their own that some scripts are written with."""


def mapped_characters(path: Path) -> frozenset[int]:
    """Code points that the font file (TrueType, OpenType or the first of a collection) maps to a glyph."""
    with path.open("rb") as font:
        header = font.read(16)
        start = struct.unpack(">I", header[12:16])[0] if header[:4] == b"ttcf" else 0
        font.seek(start + 4)
        (tables,) = struct.unpack(">H", font.read(2))
        font.seek(start + 12)
        directory = font.read(16 * tables)
        for entry in range(tables):
            tag, _, offset, length = struct.unpack_from(">4sIII", directory, 16 * entry)
            if tag == b"cmap":
                font.seek(offset)
                return frozenset(_cmap_characters(font.read(length)))
    return frozenset()


def _cmap_characters(cmap: bytes) -> set[int]:
    (count,) = struct.unpack_from(">H", cmap, 2)
    found: set[int] = set()
    for entry in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", cmap, 4 + 8 * entry)
        if platform == 0 or (platform == 3 and encoding in (1, 10)):
            (shape,) = struct.unpack_from(">H", cmap, offset)
            if shape == 4:
                found |= _segments(cmap, offset)
            elif shape == 12:
                found |= _groups(cmap, offset)
    return found


def _segments(cmap: bytes, offset: int) -> set[int]:
    """Subtable format 4: the characters up to U+FFFF as segments."""
    (doubled,) = struct.unpack_from(">H", cmap, offset + 6)
    count = doubled // 2
    ends = struct.unpack_from(f">{count}H", cmap, offset + 14)
    at = offset + 16 + doubled
    starts = struct.unpack_from(f">{count}H", cmap, at)
    deltas = struct.unpack_from(f">{count}H", cmap, at + doubled)
    ranges_at = at + 2 * doubled
    ranges = struct.unpack_from(f">{count}H", cmap, ranges_at)
    found = set()
    for segment in range(count):
        for code in range(starts[segment], min(ends[segment], 0xFFFE) + 1):
            glyph = code
            if ranges[segment]:
                place = ranges_at + 2 * segment + ranges[segment] + 2 * (code - starts[segment])
                (glyph,) = struct.unpack_from(">H", cmap, place)
                if glyph == 0:
                    continue
            if (glyph + deltas[segment]) & 0xFFFF:
                found.add(code)
    return found


def _groups(cmap: bytes, offset: int) -> set[int]:
    """Subtable format 12: any character, as groups of neighbours."""
    (count,) = struct.unpack_from(">I", cmap, offset + 12)
    found: set[int] = set()
    for group in range(count):
        first, last, glyph = struct.unpack_from(">III", cmap, offset + 16 + 12 * group)
        found.update(range(first if glyph else first + 1, last + 1))
    return found


@dataclass(frozen=True, slots=True)
class Coverage:
    """The characters that a set of fonts can draw."""

    characters: frozenset[int]

    def drawable(self, text: str, besides: frozenset[str] = JOINERS) -> tuple[str, frozenset[str]]:
        """The text with a box for each character no font has, and the set of those characters.

        `besides`: characters that need no glyph.
        """
        if text.isascii() and text.isprintable():
            return text, frozenset()
        lost = frozenset(
            character
            for character in set(text)
            if ord(character) not in self.characters
            and character not in LINE_BREAKS
            and character not in besides
        )
        if not lost:
            return text, lost
        return text.translate({ord(character): REPLACEMENT for character in lost}), lost


def coverage_of(fonts: Iterable[Path]) -> Coverage:
    """What the fonts can draw together."""
    characters: set[int] = set()
    for font in fonts:
        characters |= mapped_characters(font)
    return Coverage(frozenset(characters - CONTROLS))
