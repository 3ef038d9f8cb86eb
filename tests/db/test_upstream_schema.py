# SPDX-License-Identifier: GPL-3.0-or-later
"""Our tables are those of CamCOPS 2.4 on MariaDB: same names, columns, types and foreign keys.

`tests/data/camcops_2_4_tables.json` holds what MariaDB says of a database of CamCOPS 2.4.24: for each
table its columns with their types ("!" = NOT NULL); "*" stands for the life-cycle columns of every
client table.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.changes import CURRENT_ID
from camcops.db.database import Database
from camcops.db.schema import (
    adoption,
    adoption_repairs,
    audit_seals,
    device_tables,
    login_places,
    outbox,
    patient_index,
    schema_state,
    task_scores,
)
from camcops.db.state import VERSION_TABLE

EXPECTED = json.loads((Path(__file__).parents[1] / "data/camcops_2_4_tables.json").read_text())

OWN = (
    adoption,
    adoption_repairs,
    audit_seals,
    device_tables,
    login_places,
    outbox,
    patient_index,
    schema_state,
    task_scores,
)
OWN_TABLES = {VERSION_TABLE, *(table.name for table in OWN)}
OWN_COLUMNS = {
    "_security_users": {"password_hash"},
    "_security_audit": {"code"},
    "_security_login_failures": {"remote_addr", "place"},
    "_security_account_lockouts": {"place"},
    "_security_devices": {"upload_digest", "finalized_digest", "policies_accepted"},
}


@pytest.fixture(scope="module")
def mariadb(server_database: Callable[[str], Database]) -> Database:
    return server_database("mariadb")


@pytest.fixture(scope="module")
def columns(mariadb: Database) -> dict[str, dict[str, str]]:
    query = sa.text(
        "SELECT table_name, column_name, column_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = DATABASE()"
    )
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for table, column, kind, nullable in mariadb.read(lambda c: c.execute(query).all()):
        found[table][column] = kind + ("" if nullable == "YES" else "!")
    return found


def _expected(table: str) -> dict[str, str]:
    own = dict(EXPECTED["tables"][table])
    return own | EXPECTED["lifecycle"] if own.pop("*", None) else own


def _is_client_table(table: str) -> bool:
    return "*" in EXPECTED["tables"][table]


def test_tables(columns: dict[str, dict[str, str]]) -> None:
    assert set(columns) - OWN_TABLES == set(EXPECTED["tables"])
    assert set(columns) >= OWN_TABLES


@pytest.mark.parametrize("table", sorted(EXPECTED["tables"]))
def test_columns(table: str, columns: dict[str, dict[str, str]]) -> None:
    expected = _expected(table)
    found = dict(columns[table])
    extra = set(found) - set(expected)
    assert extra == OWN_COLUMNS.get(table, {CURRENT_ID} if _is_client_table(table) else set())
    assert {name: kind for name, kind in found.items() if name not in extra} == expected
    # What CamCOPS 2.4 does not know must not be asked of it.
    assert not any(found[name].endswith("!") for name in extra)


def test_foreign_keys(mariadb: Database) -> None:
    query = sa.text(
        "SELECT k.constraint_name, CONCAT(k.table_name, '.', column_name, ' > ',"
        " k.referenced_table_name, '.', referenced_column_name,"
        " CASE delete_rule WHEN 'RESTRICT' THEN '' ELSE CONCAT(' ON DELETE ', delete_rule) END)"
        " FROM information_schema.key_column_usage k"
        " JOIN information_schema.referential_constraints r"
        " ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name"
        " WHERE k.table_schema = DATABASE() AND k.table_name NOT IN :own"
    ).bindparams(sa.bindparam("own", sorted(OWN_TABLES), expanding=True))
    found = mariadb.read(lambda c: dict(c.execute(query).all()))
    assert found == EXPECTED["foreign_keys"]


def test_table_options(mariadb: Database) -> None:
    query = sa.text(
        "SELECT DISTINCT engine, row_format, table_collation FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name <> :versions"
    ).bindparams(versions=VERSION_TABLE)
    assert mariadb.read(lambda c: c.execute(query).all()) == [
        ("InnoDB", "Dynamic", "utf8mb4_unicode_ci")
    ]
