# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup: one file that holds every row, the same for every kind of database.

A ZIP archive with a line of JSON a row in one member a table, and a manifest with the counts and
checksums. A ZIP's directory stands at its end, so a file that was cut short is never taken for whole.
"""

import datetime as dt
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from camcops import __version__, problems
from camcops.db.database import Database
from camcops.db.keeping.copying import Tell, compare, fill, tell_rows
from camcops.db.keeping.rows import Row, Stored, Sum, filled_of, kept_tables, unknown_parts
from camcops.db.keeping.whole_file import whole_file
from camcops.db.patient_names import add_missing
from camcops.db.schema import server_settings
from camcops.db.state import REVISION, REVISIONS
from camcops.problems import Problem

FORMAT = "CamCOPS backup 1"
MANIFEST = "manifest.json"
NO_ROWS = Sum().as_text()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    made_at: str
    program: str
    revision: str
    database: str
    title: str
    columns: Mapping[str, tuple[str, ...]]
    sums: Mapping[str, str]

    @property
    def rows(self) -> int:
        return sum(int(total.partition(":")[0]) for total in self.sums.values())


def back_up(database: Database, path: Path, tell: Tell) -> Manifest:
    """Write a backup while the server goes on; the file appears when it is whole, mode 0600.

    Raises Problem if the database has parts that this program does not know, since they would be missing.
    """
    with (
        whole_file(path) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        return database.read(lambda conn: _write(conn, database, archive, tell))


def _write(
    conn: sa.Connection, database: Database, archive: zipfile.ZipFile, tell: Tell
) -> Manifest:
    if strange := unknown_parts(conn, database):
        raise Problem(problems.WOULD_BE_LOST, parts=", ".join(strange))
    tables = kept_tables(database)
    present = filled_of(conn, tables)
    totals = {stored.name: Sum() for stored in tables}
    for done, stored in enumerate(tables):
        tell(stored.name, done, len(tables))
        if stored.name in present:
            watched = partial(tell_rows, tell, stored, done, len(tables))
            totals[stored.name] = _write_table(conn, stored, archive, watched)
    manifest = Manifest(
        made_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        program=__version__,
        revision=REVISION,
        database=conn.dialect.name,
        title=conn.scalar(sa.select(server_settings.c.database_title)) or "",
        columns={stored.name: tuple(c.name for c in stored.columns) for stored in tables},
        sums={name: total.as_text() for name, total in totals.items()},
    )
    content = {"format": FORMAT} | {name: getattr(manifest, name) for name in Manifest.__slots__}
    archive.writestr(MANIFEST, json.dumps(content, ensure_ascii=False, indent=1))
    return manifest


def _write_table(
    conn: sa.Connection,
    stored: Stored,
    archive: zipfile.ZipFile,
    watched: Callable[[int], None],
) -> Sum:
    total = Sum()
    with archive.open(f"{stored.name}.jsonl", "w", force_zip64=True) as member:
        for row in stored.read(conn):
            total.add(stored.encode(row), member.write)
            del row  # a picture takes much room, and so does the next one
            member.write(b"\n")
            watched(total.rows)
    return total


@contextmanager
def opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """A backup to read. Raises Problem if the file is cut short, or is none of ours."""
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise Problem(problems.BACKUP_UNUSABLE, path=path, reason="it is not there") from None
    except (zipfile.BadZipFile, OSError):
        reason = "it is cut short, or not a backup"
        raise Problem(problems.BACKUP_UNUSABLE, path=path, reason=reason) from None
    with archive:
        yield archive, _manifest(archive, path)


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        content = json.loads(archive.read(MANIFEST))
        if content.pop("format") != FORMAT:
            raise ValueError("another format")
        manifest = Manifest(**content)
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile):
        reason = "it is not a backup made by this program"
        raise Problem(problems.BACKUP_UNUSABLE, path=path, reason=reason) from None
    if manifest.revision not in REVISIONS:
        reason = (
            f"a newer program made it (revision {manifest.revision}; this one knows {REVISION})"
        )
        raise Problem(problems.BACKUP_UNUSABLE, path=path, reason=reason)
    return manifest


def restore(path: Path, target: Database, tell: Tell) -> Manifest:
    """Fill a freshly made database from a backup, of any kind of database, and compare.

    All or nothing: an interrupted or faulty restore leaves the database as it was.
    """
    with opened(path) as (archive, manifest):

        def source(stored: Stored) -> Iterator[Row]:
            return _read_table(archive, manifest, stored)

        def work(conn: sa.Connection) -> Mapping[str, Sum]:
            found = fill(conn, target, source, tell)
            _refuse_damage(path, manifest, found)
            return found

        try:
            compare(target, target.write(work))
        except (zipfile.BadZipFile, ValueError, EOFError) as error:
            raise Problem(problems.BACKUP_UNUSABLE, path=path, reason="it is damaged") from error
        if manifest.revision != REVISION:  # it may have no index of patients' names
            target.write(add_missing)
        return manifest


def _read_table(archive: zipfile.ZipFile, manifest: Manifest, stored: Stored) -> Iterator[Row]:
    if manifest.sums.get(stored.name, NO_ROWS) == NO_ROWS:
        return
    with archive.open(f"{stored.name}.jsonl") as member:
        yield from map(partial(stored.decode, names=manifest.columns[stored.name]), member)


def _refuse_damage(path: Path, manifest: Manifest, found: Mapping[str, Sum]) -> None:
    """The manifest's checksums are those of the rows, unless columns have come since it was made."""
    for name, total in manifest.sums.items():
        if name not in found:
            reason = f"it holds the table {name}, which this program doesn't know"
            raise Problem(problems.BACKUP_UNUSABLE, path=path, reason=reason)
        if found[name].as_text() != total and manifest.revision == REVISION:
            reason = f"the rows of {name} are not those it was made with"
            raise Problem(problems.BACKUP_UNUSABLE, path=path, reason=reason)
