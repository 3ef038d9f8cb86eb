# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored pictures, made fit for paper.

The compiler takes text only, so a picture travels as an SVG that holds it, turned upright. Its format
and size come from its own first bytes: the media type that was stored may be wrong.
"""

import base64
import struct
import zlib
from dataclasses import dataclass

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_WITHOUT_LENGTH = frozenset(range(0xD0, 0xD8)) | {0x01}
_APP1 = 0xE1
_ORIENTATION = 274
_TURNS = {3: 180, 6: 90, 8: 270}
_MOST_PIXELS = 60_000_000
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """Media type, width and height in pixels as stored, and degrees clockwise its camera says to turn it."""

    mimetype: str
    width: int
    height: int
    turn: int = 0
    deep: bool = False
    """Has each colour two bytes?"""

    @property
    def cost(self) -> int:
        """Pixels that setting the picture takes to unpack; a JPEG goes into a PDF as it is."""
        pixels = self.width * self.height * (2 if self.deep else 1)
        return 0 if self.mimetype == "image/jpeg" else pixels


def recognise(data: bytes) -> PictureFormat | None:
    """What the bytes are; None if they are no picture, are cut short, or too large to be decoded."""
    try:
        found = _png(data) or _jpeg(data) or _gif(data) or _webp(data)
    except (struct.error, IndexError):
        return None
    if found is None or found.cost > _MOST_PIXELS:
        return None
    if not 0 < found.width * found.height <= _MOST_PIXELS:
        return None
    return found


def _png(data: bytes) -> PictureFormat | None:
    if not data.startswith(_PNG_SIGNATURE) or data[12:16] != b"IHDR":
        return None
    at, ended = len(_PNG_SIGNATURE), False
    while at < len(data) and not ended:
        (length,) = struct.unpack_from(">I", data, at)
        (check,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(data[at + 4 : at + 8 + length]) != check:
            return None
        ended = data[at + 4 : at + 8] == b"IEND"
        at += 12 + length
    width, height, depth = struct.unpack_from(">IIB", data, 16)
    return PictureFormat("image/png", width, height, deep=depth > 8) if ended else None


def _jpeg(data: bytes) -> PictureFormat | None:
    if not data.startswith(b"\xff\xd8"):
        return None
    at, turn = 2, 0
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _JPEG_WITHOUT_LENGTH:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _JPEG_FRAMES:
            if data.rfind(b"\xff\xd9") < at:
                return None
            height, width = struct.unpack_from(">HH", data, at + 5)
            return PictureFormat("image/jpeg", width, height, turn)
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker == _APP1 and data[at + 4 : at + 10] == b"Exif\0\0":
            turn = _TURNS.get(_orientation(data[at + 10 : at + 2 + length]), 0)
        at += 2 + length
    return None


def _orientation(exif: bytes) -> int:
    """The orientation that a camera noted (Exif 2.3, tag 274); 1 (upright) where there is none."""
    order = "<" if exif[:2] == b"II" else ">"
    (first,) = struct.unpack_from(f"{order}I", exif, 4)
    (count,) = struct.unpack_from(f"{order}H", exif, first)
    for entry in range(count):
        at = first + 2 + 12 * entry
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, at)
        if tag == _ORIENTATION:
            return int(value)
    return 1


def _gif(data: bytes) -> PictureFormat | None:
    if data[:6] not in (b"GIF87a", b"GIF89a") or not data.rstrip(b"\0").endswith(b";"):
        return None
    width, height = struct.unpack_from("<HH", data, 6)
    return PictureFormat("image/gif", width, height)


def _webp(data: bytes) -> PictureFormat | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    if struct.unpack_from("<I", data, 4)[0] + 8 > len(data):
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (size & 0x3FFF for size in struct.unpack_from("<HH", data, 26))
    else:
        return None
    return PictureFormat("image/webp", width, height)


def quarter_turns(degrees: int) -> int:
    """Clockwise quarter turns (0 to 3) nearest to the angle."""
    return round(degrees / 90) % 4


@dataclass(frozen=True, slots=True)
class UprightPicture:
    """An SVG of the picture turned upright, its width and height in pixels then, what it takes to unpack."""

    svg: str
    width: int
    height: int
    cost: int = 0


def upright(data: bytes, rotation: int) -> UprightPicture | None:
    """The picture turned by `rotation` degrees clockwise from how it was taken; None if it is broken."""
    found = recognise(data)
    if found is None:
        return None
    width, height = found.width, found.height
    turns = quarter_turns(rotation + found.turn)
    transform = (
        "",
        f"translate({height} 0) rotate(90)",
        f"translate({width} {height}) rotate(180)",
        f"translate(0 {width}) rotate(270)",
    )[turns]
    shown_width, shown_height = (height, width) if turns % 2 else (width, height)
    content = base64.b64encode(data).decode("ascii")
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' width="{shown_width}" height="{shown_height}"'
        f' viewBox="0 0 {shown_width} {shown_height}">'
        f'<image width="{width}" height="{height}" transform="{transform}"'
        f' xlink:href="data:{found.mimetype};base64,{content}"/></svg>'
    )
    return UprightPicture(svg, shown_width, shown_height, found.cost)
