# SPDX-License-Identifier: GPL-3.0-or-later
"""Many devices at the same time, and the same upload twice at the same time."""

import threading
from collections.abc import Callable
from wsgiref.types import WSGIApplication

import pytest

from camcops.db.database import Database
from tests.tablet import WsgiTablet, tablet
from tests.tablet_api.contents import T1, everything, person, phq9
from tests.tablet_api.test_uploads import rows

DEVICES = 8


def at_once(*jobs: Callable[[], None]) -> list[BaseException]:
    """Run all jobs in threads of their own; what went wrong."""
    failures: list[BaseException] = []
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], None]) -> None:
        start.wait()
        try:
            job()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def registered(application: WSGIApplication, name: str) -> WsgiTablet:
    made = tablet(application, name)
    made.call("register", devicefriendlyname=name)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("one_step", [True, False], ids=["one-step", "multi-step"])
def test_eight_devices(application: WSGIApplication, database: Database, one_step: bool) -> None:
    tablets = [registered(application, f"device-{n}") for n in range(DEVICES)]
    changed = everything(patient=[person(modified=T1)], phq9=[phq9(1, modified=T1)])

    def work(one: WsgiTablet) -> Callable[[], None]:
        def uploads() -> None:
            one.upload(everything(), finish=False, one_step=one_step)
            one.upload(changed, finish=False, one_step=one_step)
            one.upload(changed, finish=True, one_step=one_step)

        return uploads

    assert at_once(*map(work, tablets)) == []
    assert len(rows(database, "phq9", current=False)) == 3 * DEVICES
    assert len(rows(database, "phq9")) == DEVICES
    assert all(row["_era"] != "NOW" for row in rows(database, "phq9", current=False))


@pytest.mark.slow
def test_the_same_upload_at_once_is_kept_once(
    application: WSGIApplication, database: Database
) -> None:
    registered(application, "device-1")

    def send() -> None:
        tablet(application, "device-1").upload(everything(), finish=False, one_step=True)

    assert at_once(*[send] * 4) == []
    for name, records in everything().items():
        assert len(rows(database, name, current=False)) == len(records)


@pytest.mark.slow
def test_one_device_registering_at_once_is_one_device(
    application: WSGIApplication, database: Database
) -> None:
    def register() -> None:
        registered(application, "device-1")

    assert at_once(*[register] * 4) == []
