# SPDX-License-Identifier: GPL-3.0-or-later
"""What one tablet holds: its rows by table, numbered as a tablet numbers them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from camcops.demonstration.answers import Answers, Inventor, Picture, visits
from camcops.demonstration.people import Person
from camcops.instruments.library import Library
from camcops.instruments.model import FieldType, Instrument

YEAR_DAYS = 360
NHS_NUMBER, STUDY_NUMBER = 1, 2


@dataclass
class Contents:
    """Rows by table; each gets the next number of its table."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, modified: datetime, **columns: Any) -> int:
        number = len(self.rows[table]) + 1
        self.rows[table].append(
            {"id": number, "when_last_modified": _iso(modified), "_move_off_tablet": 0, **columns}
        )
        return number

    def add_person(self, person: Person, when: datetime) -> int:
        number = self.add(
            "patient",
            when,
            forename=person.forename,
            surname=person.surname,
            sex=person.sex,
            dob=person.dob.isoformat(),
            email=None,
            address="1 Example Street\nCambridge",
            gp="Dr Example, Example Surgery",
            other=None,
        )
        for which, value in ((NHS_NUMBER, person.nhs_number), (STUDY_NUMBER, person.study_number)):
            self.add("patient_idnum", when, patient_id=number, which_idnum=which, idnum_value=value)
        return number

    def add_task(
        self, instrument: Instrument, answers: Answers, created: datetime, patient: int | None
    ) -> None:
        finished = created + timedelta(minutes=6)
        link = {} if patient is None else {"patient_id": patient}
        number = self.add(
            instrument.table,
            finished,
            when_created=_iso(created),
            when_firstexit=_iso(finished),
            firstexit_is_finish=1,
            firstexit_is_abort=0,
            editing_time_s=360.0,
            **link,
            **answers.columns,
        )
        self._place_pictures(instrument.table, number, finished)
        for table in instrument.tables.values():
            for order, row in enumerate(answers.rows[table.name], 1):
                place = {table.link: number, table.order: order}
                child = self.add(table.name, finished, **place, **row)
                self._place_pictures(table.name, child, finished)

    def _place_pictures(self, table: str, number: int, when: datetime) -> None:
        row = self.rows[table][number - 1]
        for name, value in row.items():
            if isinstance(value, Picture):
                row[name] = self.add(
                    "blobs",
                    when,
                    tablename=table,
                    tablepk=number,
                    fieldname=name,
                    filename=f"{table}_{number}_{name}.png",
                    mimetype="image/png",
                    theblob=value.content,
                    image_rotation_deg_cw=0,
                )


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")


def invent_contents(
    library: Library,
    people: list[Person],
    until: datetime,
    since: datetime,
    start: datetime,
    random: Random,
) -> Contents:
    """A tablet with these people and their tasks between two times of the year that began at `start`."""
    contents = Contents()
    finished = [instrument for instrument in library.values() if _can_be_shown(instrument)]
    about_patients = [instrument for instrument in finished if not instrument.is_anonymous]
    for person in people:
        patient = contents.add_person(person, start)
        theirs = Random(f"{person.nhs_number}")
        usual = theirs.sample([i for i in about_patients if _is_short(i)], 3)
        for created in visits(theirs, start, YEAR_DAYS):
            today = [*usual, *theirs.sample(about_patients, theirs.randint(0, 2))]
            severity = _severity(person, (created - start).days / YEAR_DAYS, theirs)
            for number, instrument in enumerate(dict.fromkeys(today)):
                begun = created + timedelta(minutes=8 * number)
                answers = Inventor(theirs, severity, begun, person).answer(instrument)
                if since <= created < until:
                    contents.add_task(instrument, answers, begun, patient)
    for instrument in (i for i in finished if i.is_anonymous):
        for created in visits(random, start, YEAR_DAYS):
            if since <= created < until:
                answers = Inventor(random, random.random(), created).answer(instrument)
                contents.add_task(instrument, answers, created, None)
    return contents


def _can_be_shown(instrument: Instrument) -> bool:
    """Those whose questions can be read, and lists, which have none."""
    return instrument.finished and (instrument.wording == "included" or bool(instrument.tables))


def _is_short(instrument: Instrument) -> bool:
    pictures = any(f.type == FieldType.BLOB for f in instrument.fields.values())
    return not instrument.tables and not pictures


def _severity(person: Person, part_of_year: float, random: Random) -> float:
    drift = person.severity + person.trend * part_of_year + random.gauss(0, 0.06)
    return min(0.98, max(0.02, drift))
