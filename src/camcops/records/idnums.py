# SPDX-License-Identifier: GPL-3.0-or-later
"""Types of ID number, and what makes an ID number valid."""

from dataclasses import dataclass

import sqlalchemy as sa

from camcops.db.schema import idnum_definitions
from camcops.problems import IDNUM_TYPE_TAKEN, TEXT_TOO_LONG, Problem

NHS_NUMBER = "uk_nhs_number"
LARGEST_ID_NUMBER = 2**63 - 1
LONGEST_TEXT = 255

_NHS_WEIGHTS = range(10, 1, -1)


_DEFINITIONS = sa.select(
    idnum_definitions.c.which_idnum,
    idnum_definitions.c.description,
    idnum_definitions.c.short_description,
    idnum_definitions.c.validation_method,
).order_by(idnum_definitions.c.which_idnum)


@dataclass(frozen=True, slots=True)
class IdNumType:
    """A type of ID number that this server knows."""

    which: int
    description: str
    short_description: str
    validation_method: str


def definitions(conn: sa.Connection) -> dict[int, IdNumType]:
    """All types of ID number, by their number, in its order."""
    return {
        which: IdNumType(which, description or "", short or "", method or "")
        for which, description, short, method in conn.execute(_DEFINITIONS)
    }


def create_idnum_type(conn: sa.Connection, made: IdNumType) -> None:
    """Make a type of ID number. Raises Problem if its number is taken or a text too long."""
    for what, text in (("description", made.description), ("short", made.short_description)):
        if len(text) > LONGEST_TEXT:
            raise Problem(TEXT_TOO_LONG, what=what, maximum=LONGEST_TEXT)
    if made.which in definitions(conn):
        raise Problem(IDNUM_TYPE_TAKEN, which=made.which)
    conn.execute(
        idnum_definitions.insert().values(
            which_idnum=made.which,
            description=made.description,
            short_description=made.short_description,
            validation_method=made.validation_method,
        )
    )


def validation_methods(conn: sa.Connection) -> dict[int, str]:
    """The validation method of each type of ID number there is."""
    return {which: kind.validation_method for which, kind in definitions(conn).items()}


def why_invalid(method: str, value: int | None) -> str | None:
    """What is wrong with an ID number under a validation method; None if nothing. No number is valid."""
    if value is None or not method:
        return None
    if method != NHS_NUMBER:
        return f"validation method {method!r} is not known"
    digits = str(value)
    if len(digits) != 10 or not digits.isdecimal():
        return "an NHS number has ten digits"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _NHS_WEIGHTS, strict=False))
    if (11 - total % 11) % 11 != int(digits[-1]):
        return "the check digit of this NHS number does not fit"
    return None


def valid_idnum(method: str, value: int | None) -> bool:
    """Does an ID number pass its type's validation method (`''`, or `uk_nhs_number`)?

    NHS numbers: the last digit is 11 minus the remainder by 11 of the sum of the first nine, weighted 10 … 2;
    11 counts as 0, and 10 occurs in no valid number (NHS Data Dictionary, "NHS Number").
    """
    return why_invalid(method, value) is None
