# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables derived from instruments: what is in them, in which order, and what comes back."""

from datetime import date

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.types import IsoDateTime, IsoTime


def test_order_is_that_of_committing_an_upload(sqlite_database: Database) -> None:
    tables = list(sqlite_database.tables.values())
    kinds = [table.kind for table in tables]
    last = kinds.index("task")
    assert kinds[:2] == ["patient", "idnum"]
    assert set(kinds[2:last]) == {"blobs", "ancillary"}
    assert set(kinds[last:]) == {"task"}
    for part in (tables[2:last], tables[last:]):
        assert [table.name for table in part] == sorted(table.name for table in part)


def test_a_task_and_its_child_table(sqlite_database: Database) -> None:
    phq9 = sqlite_database.tables["phq9"]
    assert phq9.instrument is not None
    assert (phq9.child, phq9.kind, phq9.instrument.short_name) == (None, "task", "PHQ-9")
    assert {"_pk", "_current", "id", "patient_id", "when_created", "q1", "q10"} <= set(
        phq9.table.columns.keys()
    )
    item = sqlite_database.tables["diagnosis_icd10_item"]
    assert item.child is not None
    assert item.lookup == ("_device_id", "_era", "diagnosis_icd10_id")
    assert not item.table.c.seqnum.nullable
    assert "patient_id" not in item.table.columns


def test_people_and_anonymity(sqlite_database: Database) -> None:
    tables = sqlite_database.tables
    assert "clinician_name" in tables["diagnosis_icd10"].table.columns
    assert "clinician_name" not in tables["phq9"].table.columns
    anonymous = [
        name for name, instrument in sqlite_database.library.items() if instrument.is_anonymous
    ]
    assert anonymous
    assert all("patient_id" not in tables[name].table.columns for name in anonymous)


def test_unknown_tables(sqlite_database: Database) -> None:
    assert "_security_users" not in sqlite_database.tables
    with pytest.raises(KeyError):
        sqlite_database.tables["_security_users"]


def test_values_come_back_as_they_went_in(database: Database) -> None:
    table = database.tables["demoquestionnaire"].table
    assert isinstance(table.c.time_only.type, IsoTime)
    assert isinstance(table.c.date_time.type, IsoDateTime)
    answers = {
        "time_only": "23:59:07",
        "date_time": "2026-11-24T23:59:59.123456+01:00",
        "date_only": date(1899, 12, 31),
        "typedvar_text": "naïve “quotes” – 日本語 🙂",
        "mcqtext_1a": "",
    }
    standard = {
        "_device_id": 1,
        "_era": "NOW",
        "_current": True,
        "_group_id": 1,
        "id": 1,
        "when_created": answers["date_time"],
    }
    database.write(lambda c: c.execute(sa.insert(table).values(standard | answers)))
    found = database.read(lambda c: c.execute(sa.select(table)).mappings().one())
    assert {name: found[name] for name in answers} == answers
    assert found["_current"] is True
