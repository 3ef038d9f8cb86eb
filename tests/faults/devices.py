# SPDX-License-Identifier: GPL-3.0-or-later
"""A device whose every upload is recognisable, and what the database must then hold."""

import threading
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import task_index, task_scores
from camcops.demonstration.tablet import Refused, Tablet

TASKS = 10


def contents(upload: int) -> dict[str, list[dict[str, Any]]]:
    """A tablet holding one patient with ten PHQ-9s, all of which say the number of the upload."""
    modified = f"2026-01-01T{upload // 3600:02}:{upload // 60 % 60:02}:{upload % 60:02}.000+00:00"
    record = {"_move_off_tablet": 0, "when_last_modified": modified}
    person = {"sex": "F", "dob": "1980-01-02", "email": None, "address": None, "gp": None}
    patient = {"id": 1, "forename": "Zoë", "surname": f"N{upload}", "other": None, **person}
    number = {"id": 1, "patient_id": 1, "which_idnum": 2, "idnum_value": 70000 + upload}
    answers = {f"q{n}": (upload + n) % 4 for n in range(1, 11)}
    task = {"patient_id": 1, "when_created": modified, **answers}
    return {
        "patient": [{**patient, **record}],
        "patient_idnum": [{**number, **record}],
        "phq9": [{"id": n, **task, **record} for n in range(1, TASKS + 1)],
        "gad7": [],
        "blobs": [],
    }


@dataclass
class Device:
    """Uploads again and again, in both forms in turn, and remembers what was acknowledged."""

    tablet: Tablet
    begun: int = 0
    acknowledged: int = 0
    refusals: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def upload_once(self) -> None:
        number = self.begun + 1
        self.begun = number
        self.tablet.upload(contents(number), finish=False, one_step=number % 2 == 1)
        self.acknowledged = number

    def upload_until_stopped(self) -> None:
        """Until told to stop, or until the server is gone."""
        while not self.stop.is_set():
            try:
                self.upload_once()
            except Refused as refusal:
                self.refusals.append(str(refusal))
            except (OSError, HTTPException, KeyError):
                return  # the connection broke, or the reply was cut short: the server was killed


def current_upload(database: Database, device: str) -> int:
    """The number of the upload whose rows are current, after checking that they are all of one upload.

    0: none yet. Every current task must be indexed, scored and linked to the current patient.
    """
    phq9, patient = database.tables["phq9"].table, database.tables["patient"].table
    idnum = database.tables["patient_idnum"].table
    from camcops.db.schema import devices, idnum_index

    def look(conn: sa.Connection) -> int:
        device_id = conn.scalar(sa.select(devices.c.id).where(devices.c.name == device))

        def current(table: sa.Table, *columns: sa.ColumnElement[Any]) -> list[Any]:
            return list(
                conn.execute(
                    sa.select(*columns).where(table.c._device_id == device_id, table.c._current)
                ).all()
            )

        names = [row[0] for row in current(patient, patient.c.surname)]
        if not names:
            assert current(phq9, phq9.c.id) == []
            return 0
        assert len(names) == 1
        upload = int(names[0][1:])
        expected = contents(upload)
        numbers = current(idnum, idnum.c._pk, idnum.c.idnum_value)
        assert [row[1] for row in numbers] == [70000 + upload]
        tasks = current(phq9, phq9.c._pk, phq9.c.id, phq9.c.q1)
        assert sorted(row[1] for row in tasks) == list(range(1, TASKS + 1))
        assert {row[2] for row in tasks} == {expected["phq9"][0]["q1"]}
        patient_pk = current(patient, patient.c._pk)[0][0]
        indexed = conn.execute(
            sa.select(task_index.c.task_pk, task_index.c.patient_pk).where(
                task_index.c.device_id == device_id
            )
        ).all()
        assert sorted(map(tuple, indexed)) == sorted((row[0], patient_pk) for row in tasks)
        scored = conn.scalars(
            sa.select(task_scores.c.task_pk).where(
                task_scores.c.task_table_name == "phq9",
                task_scores.c.task_pk.in_([row[0] for row in tasks]),
            )
        ).all()
        assert len(scored) == TASKS
        assert (
            conn.scalar(
                sa.select(idnum_index.c.patient_pk).where(idnum_index.c.idnum_pk == numbers[0][0])
            )
            == patient_pk
        )
        return upload

    return database.read(look)
