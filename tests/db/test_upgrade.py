# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrading: from nothing, again, twice at once, and with instruments that have changed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection

from camcops.db import migrations
from camcops.db.catalogue import read_catalogue
from camcops.db.database import Database, connect
from camcops.db.schema import devices, metadata, server_settings, upstream_revision, users
from camcops.db.state import REVISIONS, VERSION_TABLE, require_current
from camcops.db.upgrade import sql_of_upgrade, upgrade
from camcops.instruments.library import BUILT_IN, Library
from camcops.problems import DATABASE_OF_CAMCOPS_2, Problem

FEW = ("phq9", "diagnosis_icd10", "demoquestionnaire")


@pytest.fixture(scope="module")
def few() -> Library:
    """Some instruments, for speed."""
    return Library({table: BUILT_IN / table for table in FEW})


@contextmanager
def _connected(url: str, library: Library) -> Iterator[Database]:
    database = connect(url, library)
    try:
        yield database
    finally:
        database.engine.dispose()


def _tables(connection: Connection) -> set[str]:
    return set(read_catalogue(connection).columns)


def test_from_nothing_and_again(empty_database_url: str, few: Library) -> None:
    steps: list[tuple[int, int, str]] = []
    upgrade(empty_database_url, few, progress=lambda *step: steps.append(step))
    assert {"phq9", "diagnosis_icd10_item", "patient"} <= {what for _, _, what in steps}
    assert all(done < total for done, total, _ in steps)
    with _connected(empty_database_url, few) as database:
        require_current(database)
        first = database.read(read_catalogue)
        upgrade(empty_database_url, few)
        assert database.read(read_catalogue) == first
    assert sql_of_upgrade(empty_database_url, few) == ""


def test_seeded_rows_come_once_and_are_left_alone(empty_database_url: str, few: Library) -> None:
    upgrade(empty_database_url, few)
    with _connected(empty_database_url, few) as database:
        database.write(
            lambda c: c.execute(sa.update(server_settings).values(database_title="Ours"))
        )
        upgrade(empty_database_url, few)

        def check(connection: Connection) -> None:
            assert connection.execute(
                sa.select(server_settings.c.id, server_settings.c.database_title)
            ).all() == [(1, "Ours")]
            system = connection.execute(sa.select(users)).one()
            assert (system.username, system.hashedpw, system.superuser) == ("system", "", True)
            server = connection.execute(sa.select(devices)).one()
            assert (server.name, server.registered_by_user_id) == ("server", system.id)
            assert connection.execute(
                sa.select(upstream_revision.c.version_num)
            ).scalars().all() == ["0087"]

        database.read(check)


def test_written_sql_makes_the_same_structure(empty_database_url: str, few: Library) -> None:
    script = sql_of_upgrade(empty_database_url, few)
    with _connected(empty_database_url, few) as database:
        assert database.read(_tables) == set()
        with database.engine.begin() as connection:
            for statement in _statements(script):
                connection.exec_driver_sql(statement)
        written = database.read(read_catalogue)
        assert sql_of_upgrade(empty_database_url, few) == ""
        upgrade(empty_database_url, few)
        assert database.read(read_catalogue) == written


def _statements(script: str) -> list[str]:
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    return [part.replace("%", "%%") for part in "\n".join(lines).split(";\n") if part.strip()]


def test_a_new_instrument_and_a_new_field(empty_database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "ward_round"
    folder.mkdir()
    definition = folder / "instrument.yaml"
    text = (
        "table: ward_round\nshort_name: WR\ntitle: Ward round\nwording: site\nrights: ours\n"
        "fields:\n  mood: {type: integer}\n"
    )
    definition.write_text(text)
    before = Library({"phq9": BUILT_IN / "phq9"})
    upgrade(empty_database_url, before)

    with_new = Library({"phq9": BUILT_IN / "phq9", "ward_round": folder})
    with _connected(empty_database_url, with_new) as database:
        with pytest.raises(Problem, match="upgrade_db"):
            require_current(database)
        assert "CREATE TABLE" in sql_of_upgrade(empty_database_url, with_new)
        upgrade(empty_database_url, with_new)
        require_current(database)
        table = database.tables["ward_round"].table
        row = _row(id=1, when_created="2026-01-01T00:00:00.000000+00:00", patient_id=1, mood=3)
        database.write(lambda c: c.execute(sa.insert(table).values(row)))

    definition.write_text(text + "  sleep: {type: text, length: 10}\n")
    extended = Library({"phq9": BUILT_IN / "phq9", "ward_round": folder})
    with _connected(empty_database_url, extended) as database:
        assert sql_of_upgrade(empty_database_url, extended).count(";") == 1
        upgrade(empty_database_url, extended)
        require_current(database)
        table = database.tables["ward_round"].table
        found = database.read(lambda c: c.execute(sa.select(table.c.mood, table.c.sleep)).all())
        assert found == [(3, None)]


def _row(**values: object) -> dict[str, object]:
    return {"_device_id": 1, "_era": "NOW", "_current": True, "_group_id": 1, **values}


@pytest.mark.slow
def test_twice_at_once(empty_database_url: str, library: Library) -> None:
    command = [sys.executable, "-m", "tests.db.upgrading", empty_database_url]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    ends = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    with _connected(empty_database_url, library) as database:
        require_current(database)
    # One of them found everything done.
    assert min(len(output.splitlines()) for output, _ in ends) == 1


def test_a_database_of_camcops_2_is_left_alone(empty_database_url: str, few: Library) -> None:
    with _connected(empty_database_url, few) as database:

        def make(connection: Connection) -> None:
            upstream_revision.create(connection)
            connection.execute(sa.insert(upstream_revision).values(version_num="0085"))

        database.write(make)
        for attempt in (
            lambda: upgrade(empty_database_url, few),
            lambda: sql_of_upgrade(empty_database_url, few),
            lambda: require_current(database),
        ):
            with pytest.raises(Problem) as caught:
                attempt()
            assert caught.value.kind is DATABASE_OF_CAMCOPS_2
            assert "0085" in caught.value.message
        assert database.read(_tables) == {upstream_revision.name}


def test_a_newer_database_is_left_alone(sqlite_database: Database) -> None:
    def age(connection: Connection) -> None:
        connection.execute(sa.text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))

    sqlite_database.write(age)
    with pytest.raises(Problem, match="revision found: 9999"):
        upgrade(str(sqlite_database.engine.url), sqlite_database.library)


def test_revisions_make_what_the_schema_declares(database: Database) -> None:
    tables = set(metadata.tables)
    clients = {"patient", "patient_idnum", "blobs"}

    def ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        if kind == "table":
            return name in tables
        # Indexes that MariaDB makes for foreign keys by itself, and those of client tables.
        if kind in ("index", "unique_constraint") and reflected:
            return other is not None
        return not (kind == "column" and name == "_current_id")

    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_type": False}
        )
        return compare_metadata(context, metadata)

    differences = database.read(compare)
    assert [d for d in differences if not _concerns(d, clients)] == []


def _concerns(difference: object, tables: set[str]) -> bool:
    return any(f"'{name}'" in repr(difference) and "index" in repr(difference) for name in tables)


def test_revisions_are_listed() -> None:
    scripts = [script.revision for script in migrations.scripts().walk_revisions()]
    assert tuple(reversed(scripts)) == REVISIONS


def test_the_narrower_index_of_an_older_database_goes(
    empty_database_url: str, few: Library
) -> None:
    upgrade(empty_database_url, few)
    with _connected(empty_database_url, few) as database:

        def make_older(conn: Connection) -> None:
            conn.exec_driver_sql(
                "CREATE INDEX ix__task_index_table_created ON _task_index"
                " (task_table_name, when_created_utc, index_entry_pk)"
            )

        before = database.read(_indexes)
        database.write(make_older)
        upgrade(empty_database_url, few)
        assert database.read(_indexes) == before


def _indexes(conn: Connection) -> set[str | None]:
    return {index["name"] for index in sa.inspect(conn).get_indexes("_task_index")}
