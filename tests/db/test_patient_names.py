# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names count as the same, and that an upgrade indexes whoever is not."""

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.patient_names import name_key
from camcops.db.schema import patient_index
from camcops.db.types import NAME_KEY_LENGTH
from camcops.db.upgrade import upgrade
from tests.records.stored import add, add_group
from tests.scratch_databases import text_of


@pytest.mark.parametrize(
    "alike",
    [
        ("Smith", "SMITH", " smith ", "Ｓｍｉｔｈ"),
        ("Zoë", "Zoe", "ZOË", "Zoe\u0308"),
        ("O'Brien", "O’Brien", "o'BRIEN"),
        ("Étienne-Łużny", "étienne‐łuzny"),
        ("Groß", "GROSS"),
        ("van  der Berg", "Van der Berg"),
        ("İnan", "inan"),
        ("مُحَمَّد", "محمد"),
        (None, "", "  "),
    ],
)
def test_the_same(alike: tuple[str | None, ...]) -> None:
    assert len({name_key(name) for name in alike}) == 1


@pytest.mark.parametrize(
    "different",
    [
        ("Smith", "Smyth", "Smit", "Smith Jones"),
        ("Luzny", "Łużny"),
        ("かき", "がき"),
        ("कमल", "कमाल", "क़मल"),
        ("OBrien", "O'Brien"),
    ],
)
def test_not_the_same(different: tuple[str, ...]) -> None:
    assert len({name_key(name) for name in different}) == len(different)


def test_a_key_fits_its_column() -> None:
    assert len(name_key("ﷺ" * 255)) == NAME_KEY_LENGTH


def test_an_upgrade_indexes_who_is_missing(database: Database) -> None:
    group = add_group(database, "ward")
    first = add(database, "patient", key=1, group=group, surname="Étienne", forename="Zoë")
    add(database, "patient", key=2, group=group, _current=False, surname="Gone")
    for _ in range(2):
        upgrade(text_of(database.engine.url), database.library)
        rows = database.read(lambda conn: conn.execute(sa.select(patient_index)).all())
        assert rows == [(first, "etienne", "zoe")]
