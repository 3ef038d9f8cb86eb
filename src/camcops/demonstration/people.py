# SPDX-License-Identifier: GPL-3.0-or-later
"""Invented people. Any likeness is chance; the NHS numbers are from the range kept for tests."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

FORENAMES = {
    "F": "Amina Beatrice Carys Dilys Eleanor Fatima Grace Hana Ingrid Joan Kezia Leila Morag".split(),
    "M": "Alan Bashir Callum David Emeka Faisal George Haruto Idris Jakub Kofi Lewis Mateo".split(),
    "X": ["Robin", "Sasha", "Ariel"],
}
SURNAMES = (
    "Abernathy Bright Chaudhry Dąbrowski Evans Fitzgerald González Hughes Ibrahim Jones Kaur "
    "Llewellyn MacDonald Nguyen O'Brien Papadopoulos Quayle Rees Smith-Jones Thompson Ünal Vasquez "
    "Williamson Yilmaz Zhang"
).split()
IN_OTHER_SCRIPTS = (
    ("F", "فاطمة", "الزهراء"),
    ("M", "রবীন্দ্র", "চট্টোপাধ্যায়"),
    ("F", "שרה", "לוי"),
    ("M", "Αλέξανδρος", "Παπαδόπουλος"),
)
NHS_WEIGHTS = range(10, 1, -1)


@dataclass(frozen=True)
class Person:
    """One invented patient; `severity` (0 to 1) and `trend` (its change over a year) steer the answers."""

    forename: str
    surname: str
    sex: str
    dob: date
    nhs_number: int
    study_number: int
    severity: float
    trend: float


def nhs_number(random: Random) -> int:
    """A number with a right check digit that is never issued: those beginning 999 are for tests."""
    while True:
        digits = [9, 9, 9, *(random.randrange(10) for _ in range(6))]
        check = 11 - sum(d * w for d, w in zip(digits, NHS_WEIGHTS, strict=True)) % 11
        if check != 10:
            return int("".join(map(str, [*digits, check % 11])))


def invent_people(count: int, random: Random) -> list[Person]:
    people = []
    for number in range(count):
        sex = random.choices(("F", "M", "X"), (48, 48, 4))[0]
        forename, surname = random.choice(FORENAMES[sex]), SURNAMES[number % len(SURNAMES)]
        if number % 6 == 5 and number // 6 < len(IN_OTHER_SCRIPTS):
            sex, forename, surname = IN_OTHER_SCRIPTS[number // 6]
        people.append(
            Person(
                forename,
                surname,
                sex,
                date(1935, 1, 1) + timedelta(days=random.randrange(70 * 365)),
                nhs_number(random),
                1000 + number,
                severity=random.betavariate(2, 2.5),
                trend=random.uniform(-0.7, 0.2),
            )
        )
    return people
