# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture to stand for a clinical photograph, drawn by us and written as PNG."""

import struct
import zlib
from math import hypot
from random import Random

WIDTH, HEIGHT = 480, 360


def draw_picture(random: Random) -> bytes:
    """A soft patch on plain ground, with a scale of squares beneath, as PNG bytes."""
    x0, y0 = random.uniform(0.35, 0.65) * WIDTH, random.uniform(0.3, 0.55) * HEIGHT
    radius = random.uniform(0.12, 0.25) * HEIGHT
    skin = [random.randrange(150, 235), random.randrange(120, 190), random.randrange(95, 160)]
    patch = (min(skin[0] + 15, 255), skin[1] // 2, skin[2] // 2)
    lines = []
    for y in range(HEIGHT):
        line = bytearray([0])  # each line of a PNG begins with the number of its filter
        for x in range(WIDTH):
            depth = max(0.0, 1 - hypot(x - x0, y - y0) / radius) ** 0.6
            colour = [int(s + (p - s) * depth) for s, p in zip(skin, patch, strict=True)]
            if y > HEIGHT - 28:
                colour = [20, 20, 20] if (x // 24) % 2 else [240, 240, 240]
            line += bytes(colour)
        lines.append(bytes(line))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"".join(lines), 6))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )
