# SPDX-License-Identifier: GPL-3.0-or-later
"""Records made to exhaust the server: endless notes, pictures that unpack into gigabytes, deep JSON."""

import struct
import time
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from camcops.db.database import Database
from camcops.documents import pdf
from camcops.documents.pictures import recognise, upright
from camcops.records.policies import parse_policy
from camcops.tablet_api.literals import decode_list, split_items
from camcops.tablet_api.versions import parse_version
from tests.web.browser import Browser
from tests.web.specimens import People, store_patient, store_picture, store_task

SECONDS = 15.0
NOTES = {
    "words": "word " * 200_000,
    "a word": "x" * 1_000_000,
    "a word from right to left": "\u0627" * 70_000,
    "lines": "line\n" * 100_000,
    "tags": "<b>" * 100_000,
    "marks": "\u0301" * 70_000,
    "isolates": "\u2068" * 100_000,
    "ideographs": "\u4e2d" * 90_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("note", NOTES.values(), ids=NOTES)
def test_endless_note_is_shown_and_printed_in_bounded_time(
    annie: Browser, site_database: Database, people: People, note: str
) -> None:
    who = store_patient(site_database, people.liaison, "Smith", "Zoë")
    pk = store_task(site_database, people.liaison, "progressnote", who, {"note": note})
    begun = time.monotonic()

    page = annie.get(f"/webview/tasks/progressnote/{pk}")
    paper = annie.get(f"/webview/tasks/progressnote/{pk}/pdf")

    assert page.status == paper.status == 200
    assert paper.body.startswith(b"%PDF")
    assert time.monotonic() - begun < SECONDS


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, packed: bytes, *, depth: int = 8, more: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0))
    data = chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + more + data


def blank(width: int, height: int, *, depth: int = 8) -> bytes:
    packer = zlib.compressobj(9)
    line = bytes(1 + width * 3 * depth // 8)
    packed = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    return png(width, height, packed, depth=depth)


def zeros(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(mebibytes)) + packer.flush()


def test_small_pictures_of_huge_size_are_not_unpacked() -> None:
    assert recognise(png(60_000, 60_000, b"")) is None
    assert recognise(png(0, 10, b"")) is None
    assert recognise(png(7000, 7000, b"", depth=16)) is None
    assert recognise(b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0\0\0;") is None
    assert recognise(png(7000, 7000, b"")) is not None


def deceptive() -> Iterator[tuple[str, bytes]]:
    """Pictures whose first bytes claim less than what follows."""
    yield "data beyond the size", png(1, 1, zeros(64))
    yield "a profile", png(1, 1, zlib.compress(bytes(4)), more=chunk(b"iCCP", b"x\0\0" + zeros(64)))
    frame = struct.pack("<HHHH", 0, 0, 65535, 65535) + b"\0\x02\x02\x4c\x01\0;"
    yield "a frame", b"GIF89a" + struct.pack("<HH", 1, 1) + b"\x80\0\0" + bytes(6) + b"," + frame
    second = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    yield "a second header", png(1, 1, zlib.compress(bytes(4)), more=second)


@pytest.mark.parametrize(("name", "data"), tuple(deceptive()), ids=lambda value: str(value)[:12])
def test_pictures_that_claim_to_be_small_cost_little(name: str, data: bytes) -> None:
    begun = time.process_time()

    made = upright(data, 0)
    if made is not None:
        pdf._press().can_print(made.svg)

    assert time.process_time() - begun < 2, name


@pytest.mark.slow
def test_many_heavy_pictures_are_left_out_of_the_paper(
    annie: Browser, site_database: Database, people: People
) -> None:
    who = store_patient(site_database, people.liaison, "Smith", "Zoë")
    pk = store_task(site_database, people.liaison, "photosequence", who, {})
    heavy = blank(7000, 7000)
    link_pictures(site_database, people, pk, [heavy + bytes(n) for n in range(8)])
    begun = time.monotonic()

    paper = annie.get(f"/webview/tasks/photosequence/{pk}/pdf")

    assert paper.status == 200
    assert time.monotonic() - begun < SECONDS


def link_pictures(database: Database, people: People, pk: int, pictures: list[bytes]) -> None:
    from tests.web.specimens import lifecycle

    rows: list[dict[str, Any]] = []
    table = database.tables["photosequence_photos"].table
    for number, picture in enumerate(pictures):
        own = 900 + number
        key, _ = store_picture(
            database, people.liaison, table.name, own, "photo_blobid", picture, "image/png"
        )
        link = {"photosequence_id": 778, "seqnum": number, "photo_blobid": key}
        rows.append(lifecycle(people.liaison, own) | link)
    task = database.tables["photosequence"].table
    database.write(lambda conn: conn.execute(task.update().where(task.c._pk == pk).values(id=778)))
    database.write(lambda conn: conn.execute(table.insert(), rows))


def test_fault_within_the_compiler_is_an_ordinary_error() -> None:
    class Panicking:
        def compile(self, *_: object, **__: object) -> bytes:
            raise type("PanicException", (BaseException,), {})

    press = pdf._press()
    true, press.compiler = press.compiler, Panicking()  # type: ignore[assignment]
    try:
        with pytest.raises(pdf.CompilerFault):
            press.print({})
    finally:
        press.compiler = true


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (split_items, "'" * 1_000_000),
        (split_items, "," * 1_000_000),
        (decode_list, "64'" + "A" * 1_000_000),
        (decode_list, "X'" + "0" * 1_000_001 + "'"),
        (decode_list, "1" * 1_000_000 + "."),
        (decode_list, "'" + "\\" * 1_000_001 + "'"),
        (decode_list, "." * 1_000_000),
        (parse_version, "1." + "-a" * 100_000),
        (parse_version, "2.4.0-" + "a." * 70 + "!"),
        (parse_policy, "(" * 100_000),
        (parse_policy, "not " * 100_000),
        (parse_policy, " " * 200_000 + "\0"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)[:8]),
)
def test_readers_take_time_in_proportion(read: Any, text: str) -> None:
    begun = time.process_time()

    read(text)

    assert time.process_time() - begun < 1.5
