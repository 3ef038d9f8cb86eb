# SPDX-License-Identifier: GPL-3.0-or-later
"""A device whose every upload is recognisable, and what the database must then hold."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import devices, idnum_index, task_index, task_scores
from camcops.demonstration.tablet import Refused, Tablet
from tests.faults import whole_database

TASKS = 10
PAUSE_S = 0.1
"""How long a device waits after a failure. Real ones wait for minutes."""


@dataclass(frozen=True)
class Failure:
    """An upload that was not acknowledged: what its user was shown, and after how long."""

    shown: str
    after_s: float


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
    failures: list[Failure] = field(default_factory=list)
    attempts: int = 0
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

    def upload_in_all_weathers(self) -> None:
        """Until told to stop; what fails is sent again until it is acknowledged."""
        while not self.stop.is_set():
            self.begun = self.acknowledged + 1
            self.attempts += 1
            begun_at = time.monotonic()
            try:
                in_one = self.attempts % 2 == 1
                self.tablet.upload(contents(self.begun), finish=False, one_step=in_one)
                self.acknowledged = self.begun
            except Refused as refusal:
                shown = str(refusal)
            except HTTPError as error:
                shown = f"HTTP {error.code}: {error.read().decode().strip()}"
            except (OSError, HTTPException, KeyError) as error:
                shown = f"network: {type(error).__name__}"
            if self.acknowledged < self.begun:
                self.failures.append(Failure(shown, time.monotonic() - begun_at))
                time.sleep(PAUSE_S)

    def acknowledge_another(self, within_s: float) -> float:
        """Wait until one more upload is acknowledged; how long that took. Fails after `within_s`."""
        known, begun_at = self.acknowledged, time.monotonic()
        while self.acknowledged == known:
            waited = time.monotonic() - begun_at
            assert waited < within_s, f"no upload in {waited:.1f} s; last: {self.failures[-1:]}"
            time.sleep(0.01)
        return time.monotonic() - begun_at


@contextmanager
def uploading(devices: list[Device]) -> Iterator[None]:
    """While this lasts, all devices upload, whatever happens; at the end all have finished."""
    threads = [threading.Thread(target=device.upload_in_all_weathers) for device in devices]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for device in devices:
            device.stop.set()
        for thread in threads:
            thread.join()


def registered(address: str, *names: str) -> list[Device]:
    """Devices that the server at this address knows."""
    made = []
    for name in names:
        tablet = Tablet(f"{address}/database", name, "tablet", "tablet-pw-1")
        tablet.register(f"Device {name}")
        made.append(Device(tablet))
    return made


def current_upload(database: Database, device: str) -> int:
    """The number of the upload whose rows are current, after checking that they are all of one upload.

    0: none yet. Every current task must be indexed, scored and linked to the current patient.
    """
    phq9, patient = database.tables["phq9"].table, database.tables["patient"].table
    idnum = database.tables["patient_idnum"].table

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


def wait_for_failures(devices: list[Device], within_s: float) -> None:
    """Until each device has been told of a failure."""
    known = [len(device.failures) for device in devices]
    deadline = time.monotonic() + within_s
    while any(len(one.failures) == count for one, count in zip(devices, known, strict=True)):
        assert time.monotonic() < deadline, [device.failures for device in devices]
        time.sleep(0.05)


def check_contents(database: Database, devices: list[Device]) -> None:
    """Everything acknowledged is there, once."""
    database.engine.dispose()
    whole_database.check(database)
    for device in devices:
        name = device.tablet.device
        found = current_upload(database, name)
        assert found in (device.acknowledged, device.begun)
        assert whole_database.versions(database, name) == TASKS * found
