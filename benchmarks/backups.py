# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of much: time, and the memory of the program that makes them, beside one that reads as much."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

import sqlalchemy as sa
from tests.running import free_port, write_config

from benchmarks.installation import NAMES, backend, furnished_database
from benchmarks.plan import Plan, say
from benchmarks.table import Line
from benchmarks.timing import MIB, run_to_end, seconds
from camcops.db.database import Database
from camcops.db.schema import blobs
from camcops.records import blob_writing

PICTURE_BYTES = 5_000_000
MOST_MIB = 100


def measure(plan: Plan) -> Iterator[Line]:
    """Lines for each database, filled with pictures of 5 MB."""
    pictures = max(1, plan.backup_mb * 1_000_000 // PICTURE_BYTES)
    for name in plan.backends:
        say(f"backups: {NAMES[name]}, {pictures} pictures")
        with (
            backend(name) as running,
            furnished_database(running) as database,
            tempfile.TemporaryDirectory(dir=running.folder) as folder,
        ):
            config = str(write_config(Path(folder), database.engine.url, free_port()))
            for number in range(pictures):
                database.write(partial(_add_picture, number))
            kept = str(Path(folder) / "kept.backup")
            one = ["-m", "camcops"]
            commands = {
                "backup --no_verify": [
                    *one,
                    "backup",
                    "--no_verify",
                    "--config",
                    config,
                    "--to",
                    kept,
                ],
                "verify": [*one, "verify", kept],
            }
            if name == "mariadb":
                dump = [
                    "-m",
                    "camcops.cli.mysql_backup",
                    "--config",
                    config,
                    "--output_dir",
                    folder,
                ]
                commands["camcops_backup_mysql_database"] = dump
            for shown, words in commands.items():
                yield _line(f"{NAMES[name]}: {shown}", words, database, pictures)


def _add_picture(number: int, conn: sa.Connection) -> None:
    row = {
        "id": number,
        "_device_id": 1,
        "_era": "NOW",
        "_current": True,
        "_group_id": 1,
        "_addition_pending": False,
        "tablename": "photo",
        "tablepk": number,
        "fieldname": "photo_blobid",
        "theblob": Random(number).randbytes(PICTURE_BYTES),
    }
    blob_writing.insert(conn, [row])


def _line(work: str, words: Sequence[str], database: Database, pictures: int) -> Line:
    say(work)
    taken, peak = run_to_end([sys.executable, *words])
    floor = seconds(lambda: database.read(_read_all))
    bounded = "verify" not in words  # that makes a database beside it
    return Line(
        f"{work} of {pictures * PICTURE_BYTES / 1_000_000:,.0f} MB of pictures",
        f"{taken:.1f} s; at most {peak / MIB:.0f} MiB",
        f"{floor:.1f} s (one SELECT)",
        f"{taken / floor:.1f}",
        aim=f"≤ {MOST_MIB} MiB" if bounded else "",
        met=peak <= MOST_MIB * MIB if bounded else None,
    )


def _read_all(conn: sa.Connection) -> None:
    for _ in conn.execute(sa.select(blobs), execution_options={"yield_per": 1}):
        pass
