# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of databases, and how their connections are set up."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.engine import create_engine, parse_url
from camcops.problems import DATABASE_URL_UNUSABLE, Problem


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("sqlite:////var/lib/camcops.sqlite", "sqlite+pysqlite:////var/lib/camcops.sqlite"),
        ("mysql://u:p@h/d", "mysql+pymysql://u:p@h/d?charset=utf8mb4"),
        (
            "mysql+mysqldb://u:p@h:3307/d?charset=utf8",
            "mysql+pymysql://u:p@h:3307/d?charset=utf8mb4",
        ),
        ("mariadb+pymysql://u:p@h/d", "mysql+pymysql://u:p@h/d?charset=utf8mb4"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_addresses(written: str, used: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)  # mysqlclient is absent
    assert parse_url(written).render_as_string(hide_password=False) == used


def test_mysqlclient_is_used_where_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "MySQLdb")
    assert parse_url("mysql+mysqldb://u@h/d").drivername == "mysql+mysqldb"
    assert parse_url("mysql://u@h/d").drivername == "mysql+pymysql"


@pytest.mark.parametrize(
    "written", ["", "nonsense", "oracle://u:secret@h/d", "sqlite://", "sqlite:///:memory:"]
)
def test_other_addresses_are_refused(written: str) -> None:
    with pytest.raises(Problem) as caught:
        create_engine(written)
    assert caught.value.kind is DATABASE_URL_UNUSABLE
    assert "secret" not in caught.value.message


def test_sqlite_is_durable(sqlite_database: Database) -> None:
    def pragmas(connection: sa.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert sqlite_database.write(pragmas) == ["wal", 2, 1]


def test_mariadb_is_strict(server_database: Callable[[str], Database]) -> None:
    database = server_database("mariadb")
    query = sa.text("SELECT @@sql_mode, @@tx_isolation, @@character_set_client")
    mode, isolation, characters = database.write(lambda c: c.execute(query).one())
    assert "STRICT_ALL_TABLES" in mode
    assert (isolation, characters) == ("READ-COMMITTED", "utf8mb4")


def test_values_stay_out_of_error_messages(database: Database) -> None:
    patient = database.tables["patient"].table
    with pytest.raises(sa.exc.DBAPIError) as caught:
        database.write(
            lambda c: c.execute(sa.insert(patient).values(surname="Mustermann", _era=None))
        )
    assert "[SQL" in str(caught.value)
    assert "[parameters" not in str(caught.value)
