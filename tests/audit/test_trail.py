# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit trail's rows and their codes."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from camcops.accounts.users import create_user
from camcops.audit import AuditTrail, Verdict, key_id, verify_row
from camcops.audit.trail import DETAILS_BYTES, DETAILS_CHARACTERS, SIGNED_COLUMNS, fitting
from camcops.db.database import Database
from camcops.db.schema import audit

KEY = b"a key of thirty-two bytes or so."
KEYS = {key_id(KEY): KEY}
TRAIL = AuditTrail(KEY)


def rows(database: Database) -> list[dict[str, Any]]:
    query = sa.select(audit).order_by(audit.c.id)
    return database.read(lambda conn: [dict(row) for row in conn.execute(query).mappings()])


def written(database: Database, **content: Any) -> dict[str, Any]:
    database.write(lambda conn: TRAIL.record(conn, **content))
    return rows(database)[-1]


def full_row(database: Database) -> dict[str, Any]:
    user_id = database.write(
        lambda conn: create_user(conn, username="ann", password="pencil harbour sixteen")
    )
    return written(
        database,
        source="tablet",
        remote_addr="2001:db8::1",
        user_id=user_id,
        device_id=1,
        table_name="phq9",
        server_pk=17,
        patient_server_pk=4,
        details="Zoë 😀 „added“\nline two",
    )


def test_row_comes_back_as_written_and_genuine(database: Database) -> None:
    row = full_row(database)
    assert row["details"] == "Zoë 😀 „added“\nline two"
    assert abs(row["when_access_utc"] - dt.datetime.now(dt.UTC).replace(tzinfo=None)) < (
        dt.timedelta(minutes=1)
    )
    assert row["code"].startswith(key_id(KEY) + ":")
    assert len(row["code"]) <= 120
    assert verify_row(row, KEYS) is Verdict.GENUINE


def test_row_with_nothing_but_its_source_is_genuine(database: Database) -> None:
    assert verify_row(written(database, source="console"), KEYS) is Verdict.GENUINE


@pytest.mark.parametrize("column", SIGNED_COLUMNS)
def test_any_change_shows(sqlite_database: Database, column: str) -> None:
    row = full_row(sqlite_database)
    others: dict[str, object] = {
        "when_access_utc": row["when_access_utc"] + dt.timedelta(seconds=1),
        "source": "console",
        "remote_addr": None,
    }
    altered = others.get(column, row[column] + 1 if isinstance(row[column], int) else "other")
    assert verify_row({**row, column: altered}, KEYS) is Verdict.ALTERED


def test_equal_rows_have_different_codes(sqlite_database: Database) -> None:
    codes = {written(sqlite_database, source="console")["code"] for _ in range(5)}
    assert len(codes) == 5


def test_content_can_not_be_moved_between_columns(sqlite_database: Database) -> None:
    row = written(sqlite_database, source="console", table_name="a", details=None)
    moved = {**row, "table_name": None, "details": "a"}
    assert verify_row(moved, KEYS) is Verdict.ALTERED


def test_rows_without_code_or_with_an_unknown_key(sqlite_database: Database) -> None:
    row = written(sqlite_database, source="console")
    assert verify_row({**row, "code": None}, KEYS) is Verdict.UNCODED
    assert verify_row(row, {}) is Verdict.UNKNOWN_KEY
    assert verify_row({**row, "code": f"{key_id(KEY)}:junk"}, KEYS) is Verdict.ALTERED
    assert verify_row({**row, "code": f"{key_id(KEY)}:é:ß"}, KEYS) is Verdict.ALTERED


def test_key_does_not_show(sqlite_database: Database) -> None:
    assert KEY.hex() not in repr(TRAIL)
    assert repr(KEY) not in repr(TRAIL)
    assert verify_row(written(sqlite_database, source="console"), {key_id(b"x"): b"x"}) is (
        Verdict.UNKNOWN_KEY
    )


@pytest.mark.parametrize("character", ["x", "é", "😀"])
def test_long_details_are_cut_and_still_genuine(database: Database, character: str) -> None:
    row = written(database, source="console", details=character * 70_000)
    assert 0 < len(row["details"]) <= DETAILS_CHARACTERS
    assert set(row["details"]) == {character}
    assert verify_row(row, KEYS) is Verdict.GENUINE


@pytest.mark.parametrize("details", ["a\0b", "lone \udcff surrogate", "", " trailing  "])
def test_awkward_details_can_be_stored_everywhere(database: Database, details: str) -> None:
    row = written(database, source="console", details=details)
    assert verify_row(row, KEYS) is Verdict.GENUINE


def test_unknown_source_is_a_mistake_of_ours(sqlite_database: Database) -> None:
    with pytest.raises(ValueError, match="no source"):
        written(sqlite_database, source="carrier pigeon")


@given(st.text(alphabet=st.characters(), max_size=200))
def test_fitting_changes_nothing_that_fits(text: str) -> None:
    short = fitting(text)
    assert "\0" not in short
    assert len(short.encode()) <= DETAILS_BYTES
    if "\0" not in text and not any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        assert short == text
