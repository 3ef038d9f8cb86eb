# SPDX-License-Identifier: GPL-3.0-or-later
"""Rebuilding indexes and scores gives what uploads kept up to date."""

import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import (
    device_tables,
    idnum_index,
    patient_index,
    task_index,
    task_scores,
)
from camcops.records.reindex import rebuild
from tests.tablet import WsgiTablet
from tests.tablet_api.conftest import application, device, make_application
from tests.tablet_api.contents import T1, everything, number, person, phq9, picture

__all__ = ["application", "device", "make_application"]

NOT_COMPARED = {"index_entry_pk", "indexed_at_utc"}


def derived(database: Database) -> dict[str, list[str]]:
    """What can be rebuilt, apart from keys and times of its own."""

    def read(conn: sa.Connection) -> dict[str, list[str]]:
        return {
            table.name: sorted(
                map(
                    repr,
                    conn.execute(
                        sa.select(*(c for c in table.c if c.name not in NOT_COMPARED))
                    ).all(),
                )
            )
            for table in (task_index, idnum_index, patient_index, task_scores, device_tables)
        }

    return database.read(read)


def test_rebuilding_gives_what_uploads_made(device: WsgiTablet, database: Database) -> None:
    device.upload(everything(), finish=False, one_step=True)
    changed = everything(
        patient=[person(modified=T1, sex="M"), person(2)],
        patient_idnum=[
            number(),
            number(2, patient=2, value=5),
        ],
        phq9=[phq9(1, modified=T1), phq9(3, patient=2)],
        photosequence_photos=[picture(1), picture(2)],
    )
    device.upload(changed, finish=False, one_step=False)
    device.upload(everything(), finish=True, one_step=False)
    device.upload(changed, finish=False, one_step=True)
    before = derived(database)
    assert len(before["_task_index"]) == 6
    seen: list[str] = []
    total = database.write(
        lambda conn: rebuild(
            database, conn, lambda name, count: seen.append(name) if count else None
        )
    )
    assert total == 6
    assert sorted(seen) == ["photosequence", "phq9"]
    assert derived(database) == before
