# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures recognised from their bytes, and turned."""

import base64
import struct

import pytest

from camcops.documents.pictures import PictureFormat, quarter_turns, recognise, upright
from tests.documents.specimens import png

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
JPEG_HEAD = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0001108")
JPEG = JPEG_HEAD + bytes.fromhex("00640032") + b"\x03" + bytes(9) + b"\xff\xd9"
WEBP_BODY = b"WEBPVP8X" + (10).to_bytes(4, "little") + bytes(4) + b"\x1f\0\0\x0f\0\0"
WEBP = b"RIFF" + len(WEBP_BODY).to_bytes(4, "little") + WEBP_BODY


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png(30, 20), PictureFormat("image/png", 30, 20)),
        (JPEG, PictureFormat("image/jpeg", 50, 100)),
        (GIF, PictureFormat("image/gif", 1, 1)),
        (WEBP, PictureFormat("image/webp", 32, 16)),
    ],
    ids=["png", "jpeg", "gif", "webp"],
)
def test_format_and_size(data: bytes, expected: PictureFormat) -> None:
    assert recognise(data) == expected


@pytest.mark.parametrize(
    "data",
    [b"", b"junk", b"<svg/>", png(30, 20)[:60], JPEG[:-2], JPEG[:10], GIF[:-1], WEBP[:-3]],
)
def test_broken_pictures_are_none(data: bytes) -> None:
    assert recognise(data) is None
    assert upright(data, 0) is None


def test_a_damaged_png_is_found_by_its_check_sum() -> None:
    data = bytearray(png(30, 20))
    data[50] ^= 1
    assert recognise(bytes(data)) is None


@pytest.mark.parametrize(
    ("degrees", "turns"), [(0, 0), (90, 1), (180, 2), (270, 3), (-90, 3), (360, 0), (450, 1)]
)
def test_quarter_turns(degrees: int, turns: int) -> None:
    assert quarter_turns(degrees) == turns


@pytest.mark.parametrize(("orientation", "turn"), [(1, 0), (3, 180), (6, 90), (8, 270)])
@pytest.mark.parametrize("order", ["<", ">"])
def test_cameras_say_how_they_were_held(orientation: int, turn: int, order: str) -> None:
    mark = b"II" if order == "<" else b"MM"
    exif = b"Exif\0\0" + mark + struct.pack(f"{order}HIH", 42, 8, 1)
    exif += struct.pack(f"{order}HHIHHI", 274, 3, 1, orientation, 0, 0)
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    data = JPEG[:2] + segment + JPEG[2:]
    assert recognise(data) == PictureFormat("image/jpeg", 50, 100, turn)
    picture = upright(data, 90)
    assert picture is not None
    assert (picture.width > picture.height) == (turn in (0, 180))


def test_turning_swaps_width_and_height() -> None:
    picture = upright(png(30, 20), 90)
    assert picture is not None
    assert (picture.width, picture.height) == (20, 30)
