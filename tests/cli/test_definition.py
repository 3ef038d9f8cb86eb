# SPDX-License-Identifier: GPL-3.0-or-later
"""`ddl`: read by the databases' own programs, it makes what `upgrade_db` makes."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from camcops.db.catalogue import read_catalogue
from camcops.db.database import Database
from camcops.db.schema import metadata
from camcops.instruments.library import Library
from tests.cli.test_shell import camcops
from tests.database_servers import program
from tests.scratch_databases import scratch_database

COLUMNS = {
    "sqlite": """
        SELECT m.name, c.name, c.type, c."notnull" OR c.pk FROM sqlite_master m,
        pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
        """,
    "mysql": """
        SELECT table_name, column_name, column_type, is_nullable, collation_name, extra
        FROM information_schema.columns WHERE table_schema = DATABASE()
        """,
    "postgresql": """
        SELECT table_name, column_name, data_type, character_maximum_length, is_nullable
        FROM information_schema.columns WHERE table_schema = current_schema()
        """,
}


def structure(engine: sa.Engine) -> tuple[Any, ...]:
    """Columns with their types, and the indexes of each table."""
    with engine.connect() as conn:
        columns = {tuple(row) for row in conn.execute(sa.text(COLUMNS[engine.dialect.name]))}
        return columns, read_catalogue(conn).indexes


def read_by_its_program(sql: str, url: sa.URL) -> None:
    """The client that comes with the database reads the script; the first error ends it."""
    name = str(url.database)
    if url.get_backend_name() == "sqlite":
        command = [program("sqlite3"), "-bail", name]
    elif url.get_backend_name() == "mysql":
        socket = str(url.query["unix_socket"])
        command = [program("mariadb"), "--no-defaults", f"--socket={socket}", "--user=root", name]
    else:
        options = ["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--username=postgres"]
        command = [program("psql"), *options, f"--host={url.query['host']}", name]
    done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_definition_makes_what_the_upgrade_makes(
    database: Database, database_server: Callable[[str], sa.URL], tmp_path: Path
) -> None:
    kind = database.engine.dialect.name
    spellings = ("mariadb", "mysql") if kind == "mysql" else (kind,)
    scripts = [camcops("ddl", "--dialect", spelling).stdout for spelling in spellings]
    assert len({script.partition("\n")[2] for script in scripts}) == 1
    if kind == "sqlite":
        url = sa.make_url(f"sqlite:///{tmp_path}/made.sqlite")
        _compare(scripts[0], url, database)
        return
    backend = "mariadb" if kind == "mysql" else kind
    with scratch_database(database_server(backend)) as url:
        _compare(scripts[0], url, database)


def _compare(script: str, url: sa.URL, database: Database) -> None:
    read_by_its_program(script, url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    columns, indexes = structure(engine)
    expected_columns, expected_indexes = structure(database.engine)
    assert columns == expected_columns
    assert indexes == expected_indexes


@pytest.mark.parametrize("dialect", ["mssql", "oracle"])
def test_definition_for_databases_that_are_not_served(dialect: str, library: Library) -> None:
    done = camcops("ddl", "--dialect", dialect)
    assert (done.returncode, done.stderr) == (0, "")
    made = done.stdout.count("\nCREATE TABLE ")
    assert made == len({*metadata.tables, *library.client_tables()}) + 1
    assert done.stdout.count(";\n") == made


def test_unknown_kind_of_database_is_a_wrong_call() -> None:
    done = camcops("ddl", "--dialect", "db2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "mariadb" in done.stderr
