# SPDX-License-Identifier: GPL-3.0-or-later
"""Patients' names as they are compared, and the index of them (`_patient_index`).

Databases fold capitals and accents each in its own way, so the program does it: alike on all of them, and
with an index.
"""

import unicodedata
from typing import Any, Final

import sqlalchemy as sa

from camcops.db.schema import patient, patient_index
from camcops.db.types import NAME_KEY_LENGTH

PORTION: Final = 2000

# Of marks with a canonical combining class up to this one, some are letters: the signs that tell Japanese
# consonants apart, and those that join or alter Indic ones. Above are vowel points and accents.
_LAST_CLASS_OF_LETTERS: Final = 9


_SAME_SIGNS: Final = str.maketrans("\u2018\u2019\u02bc\u2010\u2013", "'''--")
"""Apostrophes and hyphens, which few keyboards tell apart."""


def name_key(name: str | None) -> str:
    """A name without regard to capitals, accents, vowel points, spaces and width; empty if there is none.

    So a name is found however it was typed: “Łużny” and “ŁUZNY” are the same, “Smith” and “Smyth” are not.
    """
    if not name:
        return ""
    apart = unicodedata.normalize("NFKD", name).translate(_SAME_SIGNS)
    letters = (c for c in apart if unicodedata.combining(c) <= _LAST_CLASS_OF_LETTERS)
    together = unicodedata.normalize("NFKC", "".join(letters).casefold())
    return " ".join(together.split())[:NAME_KEY_LENGTH]


def entry(pk: int, surname: str | None, forename: str | None) -> dict[str, Any]:
    """The index entry of a row of `patient`."""
    return {
        "patient_pk": pk,
        "surname_key": name_key(surname),
        "forename_key": name_key(forename),
    }


def add_missing(conn: sa.Connection) -> None:
    """Index the current patients who have no entry, in portions: memory stays bounded."""
    person = patient.c
    indexed = patient.outerjoin(patient_index, patient_index.c.patient_pk == person._pk)
    query = (
        sa.select(person._pk, person.surname, person.forename)
        .select_from(indexed)
        .where(person._current, patient_index.c.patient_pk.is_(None))
        .order_by(person._pk)
        .limit(PORTION)
    )
    last = 0
    while rows := conn.execute(query.where(person._pk > last)).all():
        conn.execute(patient_index.insert(), [entry(*row) for row in rows])
        last = rows[-1][0]
