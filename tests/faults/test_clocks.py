# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks that are wrong: devices' by ten years to and fro, and the server's own, which jumps."""

import datetime as dt
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pyramid.config import Configurator

from camcops.accounts import housekeeping
from camcops.audit.trail import AuditTrail
from camcops.config import load
from camcops.db import instants
from camcops.db.database import Database
from camcops.db.schema import outbox, sessions, task_index, task_scores
from camcops.outbox import delivery
from camcops.site import Site, audit_key
from tests.faults import whole_database
from tests.initial_states import make_tablet_state
from tests.running import write_config
from tests.tablet import WsgiTablet, tablet
from tests.tablet_api.contents import everything, number, person, phq9

YEARS = dt.timedelta(days=3653)
MOMENTS = (
    "2026-05-01T10:00:00.123+01:00",
    "2036-05-01T10:00:00.123+01:00",  # ten years ahead
    "2016-05-01T10:00:00.123+01:00",  # ten years back
    "2028-02-29T23:59:59.999+14:00",  # leap day, the earliest zone
    "2028-02-29T00:00:00.000-12:00",  # leap day, the latest zone
    "2026-10-25T01:30:00.000+01:00",  # the hour that comes twice in Britain
    "2026-10-25T01:30:00.000+00:00",
    "1969-12-31T23:59:59.000Z",  # a battery that was empty
    "2026-05-01T10:00:00.123+05:45",
)


MODIFIED = {1: "2026-05-01T11:00:00.000+01:00", 2: "2026-05-01T11:00:01.000+01:00"}


class Clock:
    """The server's clock; it stands still until it is put on or back."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC).replace(tzinfo=None)

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Takes the place of `utc_now` wherever the program asks it."""
    clock = Clock()
    real: Callable[[], dt.datetime] = instants.utc_now
    for name, module in list(sys.modules.items()):
        if name.startswith("camcops.") and getattr(module, "utc_now", None) is real:
            monkeypatch.setattr(module, "utc_now", clock)
    return clock


@pytest.fixture
def device(database: Database, tmp_path: Path) -> WsgiTablet:
    make_tablet_state(database)
    settings = load(write_config(tmp_path, database.engine.url, 8000))
    site = Site(settings, database.library, database, AuditTrail(audit_key(settings.site)))
    config = Configurator()
    config.registry.site = site
    config.include("camcops.tablet_api.views")
    made = tablet(config.make_wsgi_app(), "clock")
    made.call("register", devicefriendlyname="With a clock")
    return made


def dated(moment: str, answer: int) -> dict[str, list[dict[str, Any]]]:
    """A tablet whose clock shows this moment."""
    return everything(
        patient=[person(modified=moment)],
        patient_idnum=[number(modified=moment)],
        phq9=[phq9(1, modified=moment, when_created=moment, q1=answer)],
        photosequence=[],
        photosequence_photos=[],
        blobs=[],
    )


@pytest.mark.slow
@pytest.mark.parametrize("one_step", [True, False], ids=["one-step", "multi-step"])
def test_devices_whose_clocks_are_wrong(
    database: Database, device: WsgiTablet, one_step: bool
) -> None:
    """What arrives last is current, whatever it says of itself; texts are kept as they were sent."""
    for answer, moment in enumerate(MOMENTS):
        device.upload(dated(moment, answer % 4), finish=False, one_step=one_step)
    table = database.tables["phq9"].table
    rows = database.read(lambda conn: conn.execute(sa.select(table).order_by(table.c._pk)).all())
    assert [row.q1 for row in rows] == [answer % 4 for answer in range(len(MOMENTS))]
    assert [row._current for row in rows] == [False] * (len(MOMENTS) - 1) + [True]
    for earlier, later in pairwise(rows):
        assert (earlier._successor_pk, later._predecessor_pk) == (later._pk, earlier._pk)
    for row, moment in zip(rows, MOMENTS, strict=True):
        sent = dt.datetime.fromisoformat(moment)
        for stored in (row.when_created, row.when_last_modified):
            read = dt.datetime.fromisoformat(stored)
            assert (read, read.utcoffset()) == (sent, sent.utcoffset())
    query = sa.select(task_index.c.when_created_utc, task_index.c.when_created_iso)
    [indexed] = database.read(lambda conn: conn.execute(query).all())
    assert indexed.when_created_utc.isoformat().startswith("2026-05-01T04:15:00")
    whole_database.check(database)


@pytest.mark.slow
@pytest.mark.parametrize("one_step", [True, False], ids=["one-step", "multi-step"])
def test_the_same_keys_again_in_the_second_of_an_era(
    database: Database, device: WsgiTablet, clock: Clock, one_step: bool
) -> None:
    """A tablet that has finalized begins to count its records anew, while the clock stands still."""
    answers = {f"q{n}" for n in range(1, 11)}
    # MariaDB rounds its numbers, so whole rows are read back there.
    bmi = {name: value for name, value in phq9().items() if name not in answers}
    bmi |= {"height_m": 1.87, "mass_kg": 71.3}
    device.upload(everything(bmi=[bmi]), finish=True, one_step=one_step)
    for answer in (1, 2):
        changed = [phq9(2, modified=MODIFIED[answer], q1=answer), phq9(3)]
        device.upload(everything(phq9=changed, bmi=[bmi]), finish=False, one_step=one_step)
    for name, count in (("phq9", 4), ("bmi", 2)):
        table = database.tables[name].table
        current = sa.select(table.c._pk).where(table.c._current)
        pks = set(database.read(lambda conn, query=current: conn.scalars(query).all()))
        assert len(pks) == count
        for known in (task_scores, task_index):
            found = sa.select(known.c.task_pk).where(known.c.task_table_name == name)
            assert set(database.read(lambda conn, query=found: conn.scalars(query).all())) == pks
    whole_database.check(database)


def test_the_servers_clock_jumps(database: Database, device: WsgiTablet, clock: Clock) -> None:
    """Eras are never of the same name, later uploads never come to stand before earlier ones."""
    steps = [dt.timedelta(0), YEARS, -YEARS, -YEARS, dt.timedelta(hours=1), dt.timedelta(0)]
    for upload, step in enumerate(steps):
        clock.now += step
        for one_step in (True, False):
            device.upload(dated(MOMENTS[0], upload % 4), finish=True, one_step=one_step)
    table = database.tables["phq9"].table
    rows = database.read(lambda conn: conn.execute(sa.select(table).order_by(table.c._pk)).all())
    eras = [row._era for row in rows]
    assert len(set(eras)) == 2 * len(steps)
    assert eras == sorted(eras)
    assert all(row._current for row in rows)
    batches = [row._when_added_batch_utc for row in rows]
    assert batches == sorted(batches)
    whole_database.check(database)


@pytest.mark.slow
def test_sessions_when_the_clock_jumps(
    database: Database, device: WsgiTablet, clock: Clock
) -> None:
    """They end, they don't last for ten years, and they don't pile up."""
    device.call("get_id_info")
    kept = device.session
    for step, goes_on in ((dt.timedelta(minutes=5), True), (YEARS, False), (-YEARS, False)):
        clock.now += step
        device.call("get_id_info")
        assert (device.session == kept) is goes_on
        kept = device.session
    for _ in range(20):
        device.call("get_id_info")
    count = sa.select(sa.func.count()).select_from(sessions)
    database.write(lambda conn: housekeeping.clear_expired(conn, timeout_minutes=30))
    # The one in use, and the one that was in use when the clock showed this time before.
    assert database.read(lambda conn: conn.execute(count).scalar_one()) == 2


def test_events_of_a_wrong_clock_are_delivered(sqlite_database: Database, clock: Clock) -> None:
    clock.now += YEARS
    row = {"kind": "task_added", "table_name": "phq9", "server_pk": 1, "device_id": 1}
    state = {"group_id": 1, "state": "waiting", "attempts": 0}
    when = {"created_at_utc": clock.now, "due_at_utc": clock.now}
    sqlite_database.write(lambda conn: conn.execute(outbox.insert(), {**row, **state, **when}))
    [first] = sqlite_database.read(delivery.due)
    assert sqlite_database.write(lambda conn: delivery.claim(conn, first)) is not None
    assert sqlite_database.read(delivery.due) == []
    clock.now -= YEARS
    assert sqlite_database.read(delivery.due) == [first]
