# SPDX-License-Identifier: GPL-3.0-or-later
"""Large uploads: a task of every instrument, a photograph of 50 MB, a thousand tasks with 200 photographs."""

import gzip
import json
import statistics
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.device import (
    Device,
    Request,
    in_one_step,
    one_record,
    table_by_table,
)
from benchmarks.installation import NAMES, Backend, backend, furnished_database, our_server
from benchmarks.plan import Plan, say
from benchmarks.table import Line
from benchmarks.timing import (
    MIB,
    children,
    forget_peak,
    peak_memory,
    resident_memory,
    seconds,
)
from benchmarks.visits import Rows, visit
from camcops.db.database import Database
from camcops.tablet_api.literals import decode

TRACE = Path("tests/data/traces/tablet_t5_alltasks_onestep.jsonl.gz")
PHOTO_BYTES = 50 * 1000 * 1000
PHOTOS, PHOTO_SIDE_BYTES = 200, 400_000
TASKS = 1000
THREE = 3.0


def measure(plan: Plan) -> Iterator[Line]:
    """Lines for each database."""
    for name in plan.backends:
        say(f"large: {NAMES[name]}")
        with backend(name) as running, furnished_database(running) as database:
            names = list(database.tables)
            yield from _every_instrument(running, database, plan)
            yield from _photo(running, database, names)
            yield from _hand_in(running, database, names)


def _every_instrument(running: Backend, database: Database, plan: Plan) -> Iterator[Line]:
    """What a real tablet sent: one task of each of 138 instruments."""
    sent = _recorded()
    rows = sum(map(len, sent.values()))
    # The same upload again would be recognized as such.
    contents = [_modified(sent, number) for number in range(2 * (plan.rounds + 1))]
    with our_server(running, database, processes=1) as server:
        device = Device(server.port, "bench-all")
        device.register()
        whole = [[in_one_step(one, database.tables, finish=True)] for one in contents[::2]]
        steps = [table_by_table(one, database.tables, finish=True) for one in contents[1::2]]
        for name, uploads in (("one-step", whole), ("multi-step", steps)):
            count = len(uploads[0])
            taken = [seconds(partial(device.flow, requests)) for requests in uploads]
            yield Line(
                f"{NAMES[running.name]}: a task of each of 138 instruments ({rows} rows), {name}",
                f"{statistics.median(taken[1:]):.2f} s, {count} request{'s' * (count > 1)}",
            )


def _modified(tables: Rows, number: int) -> Rows:
    """The same rows with another time of modification."""
    when = visit(number)["phq9"][0]["when_last_modified"]
    return {
        name: [{**row, "when_last_modified": when} for row in rows] for name, rows in tables.items()
    }


def _recorded() -> Rows:
    with gzip.open(TRACE, "rt", encoding="utf-8") as file:
        exchanges = [json.loads(line) for line in file]
    content = next(
        one["form"]["dbdata"]
        for one in exchanges
        if one["form"]["operation"] == "upload_entire_database"
    )
    tables: Rows = {}
    for table, rows in json.loads(content).items():
        if rows:
            tables[table] = [{name: decode(cell) for name, cell in row.items()} for row in rows]
    for number in tables["patient_idnum"]:
        number["which_idnum"] = 2 if number["which_idnum"] != 1 else 1
    return tables


def _photo(running: Backend, database: Database, names: list[str]) -> Iterator[Line]:
    content = Random(3).randbytes(PHOTO_BYTES)
    tables = _pictured([content])
    _, others = tables.pop("blobs"), tables
    stepwise: list[Request] = [
        *table_by_table(others, names, finish=False)[:-1],
        one_record("blobs", _blob(1, content)),
        ("end_upload", b""),
    ]
    whole = in_one_step(_pictured([content]), names, finish=False)
    for form, requests in (("one-step", [whole]), ("multi-step", stepwise)):
        with our_server(running, database, processes=1) as server:
            assert server.process is not None
            [worker] = children(server.process.pid)
            device = Device(server.port, f"bench-photo-{form}")
            device.register()
            device.flow([in_one_step(visit(1), names, finish=True)])
            before = resident_memory(worker)
            forget_peak(worker)
            taken = seconds(partial(device.flow, requests))
            growth = peak_memory(worker) - before
        ratio = growth / PHOTO_BYTES
        yield Line(
            f"{NAMES[running.name]}: a photo of 50 MB, {form}: growth of the server at its peak",
            f"{growth / MIB:.0f} MiB, {taken:.1f} s",
            f"{PHOTO_BYTES / MIB:.0f} MiB",
            f"{ratio:.1f}",
            f"≤ {THREE:g} × the photo",
            ratio <= THREE,
        )


def _hand_in(running: Backend, database: Database, names: list[str]) -> Iterator[Line]:
    random = Random(4)
    photos = [random.randbytes(PHOTO_SIDE_BYTES) for _ in range(PHOTOS)]
    tables = _pictured(photos, tasks=TASKS - PHOTOS)
    blobs = tables.pop("blobs")
    stepwise: list[Request] = [
        *table_by_table(tables, names, finish=True)[:-1],
        *(one_record("blobs", row) for row in blobs),
        ("end_upload", b""),
    ]
    sent = sum(len(own) for _, own in stepwise)
    with our_server(running, database, processes=1) as server:
        assert server.process is not None
        [worker] = children(server.process.pid)
        device = Device(server.port, "bench-hand-in")
        device.register()
        before = resident_memory(worker)
        forget_peak(worker)
        taken = seconds(lambda: device.flow(stepwise))
        growth = peak_memory(worker) - before
    yield Line(
        f"{NAMES[running.name]}: 1,000 tasks and 200 photos of 0.4 MB, multi-step",
        f"{taken:.1f} s for {sent / 1e6:.0f} MB, the server grew by {growth / MIB:.0f} MiB",
        aim="≤ 40 s",
        met=taken <= 40,
    )


def _pictured(contents: list[bytes], *, tasks: int = 0) -> Rows:
    """A patient with a task of one picture for each content, and so many PHQ-9s."""
    tables = visit(2)
    [template, *_] = tables["phq9"]
    tables["phq9"] = [{**template, "id": number} for number in range(1, tasks + 1)]
    if not tasks:
        del tables["phq9"]
    shared: dict[str, Any] = {
        name: template[name]
        for name in ("patient_id", "when_created", "when_last_modified", "_move_off_tablet")
    }
    numbered = range(1, len(contents) + 1)
    tables["photo"] = [
        {"id": n, **shared, "description": "A photograph", "photo_blobid": n} for n in numbered
    ]
    tables["blobs"] = [_blob(n, content) for n, content in zip(numbered, contents, strict=True)]
    return tables


def _blob(number: int, content: bytes) -> dict[str, Any]:
    return {
        "id": number,
        "tablename": "photo",
        "tablepk": number,
        "fieldname": "photo_blobid",
        "filename": f"photo_{number}.jpg",
        "mimetype": "image/jpeg",
        "image_rotation_deg_cw": 0,
        "theblob": content,
        "when_last_modified": visit(2)["phq9"][0]["when_last_modified"],
        "_move_off_tablet": 0,
    }
