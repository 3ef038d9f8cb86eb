# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups and copies: whole, compared, refused when they are not."""

import datetime as dt
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from camcops.db.database import Database, connect
from camcops.db.keeping.archive import back_up, opened, restore
from camcops.db.keeping.copying import copy_database
from camcops.db.keeping.portions import PORTION_BYTES
from camcops.db.keeping.rows import kept_tables, sums
from camcops.db.schema import blobs, groups, patient, users
from camcops.instruments.library import Library
from camcops.problems import Problem

PICTURE = bytes(range(256)) * 500


@pytest.fixture
def other_database(library: Library, sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A second, freshly upgraded database."""
    path = tmp_path / "other.sqlite"
    shutil.copyfile(sqlite_template, path)
    other = connect(f"sqlite:///{path}", library)
    yield other
    other.engine.dispose()


def quiet(table: str, done: int, total: int) -> None:
    assert 0 <= done < total, table


def lifecycle(**more: object) -> dict[str, object]:
    return {
        "_device_id": 1,
        "_era": "NOW",
        "_current": True,
        "_addition_pending": False,
        "_group_id": 1,
        "id": 1,
        **more,
    }


def fill(database: Database) -> None:
    def work(conn: sa.Connection) -> None:
        conn.execute(groups.insert().values(id=1, name="clinic"))
        conn.execute(
            patient.insert().values(
                **lifecycle(surname="Ünal “O'Brien” 😀\nline", dob=dt.date(1980, 2, 29), sex="F")
            )
        )
        conn.execute(
            blobs.insert().values(
                **lifecycle(tablename="photo", tablepk=1, fieldname="photo_blobid", theblob=PICTURE)
            )
        )
        bmi = database.tables["bmi"].table
        conn.execute(
            bmi.insert().values(
                **lifecycle(patient_id=1, when_created="2026-01-01", height_m=1.83, mass_kg=67)
            )
        )

    database.write(work)


def contents(database: Database) -> dict[str, str]:
    found = database.read(lambda conn: sums(conn, kept_tables(database)))
    return {name: total.as_text() for name, total in found.items() if total.rows}


def test_backup_is_restored_to_another_kind_of_database(
    database: Database, other_database: Database, tmp_path: Path
) -> None:
    fill(database)
    path = tmp_path / "x.backup"
    manifest = back_up(database, path, quiet)
    assert path.stat().st_mode & 0o777 == 0o600
    assert manifest.sums["blobs"].startswith("1:")
    restore(path, other_database, quiet)
    assert contents(other_database) == contents(database)
    assert other_database.read(lambda c: c.scalar(sa.select(blobs.c.theblob))) == PICTURE


def test_backup_is_restored_to_each_database(
    database: Database, other_database: Database, tmp_path: Path
) -> None:
    fill(other_database)
    path = tmp_path / "x.backup"
    back_up(other_database, path, quiet)
    restore(path, database, quiet)
    assert contents(database) == contents(other_database)
    made = database.write(lambda c: c.execute(groups.insert().values(name="next")))
    assert made.inserted_primary_key[0] > 1


def test_pictures_of_any_length_are_the_same_read_from_each_database(
    database: Database, other_database: Database
) -> None:
    """From PostgreSQL long ones come in portions."""
    pictures = [
        Random(size).randbytes(size)
        for size in (0, 1, PORTION_BYTES, PORTION_BYTES + 1, 3 * PORTION_BYTES, 2_500_000)
    ]
    rows = [
        lifecycle(id=i, tablename="photo", tablepk=i, fieldname="photo_blobid", theblob=picture)
        for i, picture in enumerate([*pictures, None], 1)
    ]
    database.write(lambda conn: conn.execute(blobs.insert(), rows))

    copy_database(database, other_database, quiet)

    stored = sa.select(blobs.c.theblob).order_by(blobs.c.id)
    assert other_database.read(lambda conn: list(conn.scalars(stored))) == [*pictures, None]
    assert contents(other_database) == contents(database)


def test_copy_compares_and_refuses_a_database_in_use(
    database: Database, other_database: Database
) -> None:
    fill(other_database)
    copy_database(other_database, database, quiet)
    assert contents(database) == contents(other_database)
    with pytest.raises(Problem, match="holds data already"):
        copy_database(other_database, database, quiet)


def test_what_would_be_lost_is_named(sqlite_database: Database, tmp_path: Path) -> None:
    sqlite_database.write(lambda c: c.execute(sa.text("CREATE TABLE strange (x INTEGER)")))
    sqlite_database.write(lambda c: c.execute(sa.text("ALTER TABLE patient ADD COLUMN y TEXT")))
    with pytest.raises(Problem, match=r"column patient.y, table strange"):
        back_up(sqlite_database, tmp_path / "x.backup", quiet)
    assert list(tmp_path.glob("*backup*")) == []


@pytest.mark.parametrize("keep", [0, 10, 0.5, -1])
def test_a_backup_cut_short_is_refused(
    sqlite_database: Database, tmp_path: Path, keep: float
) -> None:
    path = tmp_path / "x.backup"
    back_up(sqlite_database, path, quiet)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep) if 0 < keep < 1 else int(keep)])
    before = contents(sqlite_database)
    with pytest.raises(Problem, match="cut short"):
        restore(path, sqlite_database, quiet)
    assert contents(sqlite_database) == before


def test_foreign_and_altered_backups_are_refused(sqlite_database: Database, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.zip"
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(Problem, match="not a backup made by this program"):
        restore(foreign, sqlite_database, quiet)
    with pytest.raises(Problem, match="it is not there"):
        restore(tmp_path / "absent", sqlite_database, quiet)
    path, altered = tmp_path / "x.backup", tmp_path / "altered.backup"
    back_up(sqlite_database, path, quiet)
    with opened(path) as (archive, _), zipfile.ZipFile(altered, "w") as changed:
        for name in archive.namelist():
            text = archive.read(name)
            if name == f"{users.name}.jsonl":
                text = text.replace(b"CamCOPS system user", b"CamCOPS system usex")
            changed.writestr(name, text)
    before = contents(sqlite_database)
    with pytest.raises(Problem, match="are not those it was made with"):
        restore(altered, sqlite_database, quiet)
    assert contents(sqlite_database) == before
