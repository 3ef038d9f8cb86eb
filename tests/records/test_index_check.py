# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged indexes are noticed, each way of damage, and sound ones are not accused."""

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import idnum_index, patient_index, task_index
from camcops.records.index_check import faults
from camcops.records.reindex import rebuild
from tests.tablet import WsgiTablet
from tests.tablet_api.conftest import application, device, make_application
from tests.tablet_api.contents import T1, everything, number, person, phq9

__all__ = ["application", "device", "make_application"]


def found(database: Database) -> list[str]:
    return database.read(lambda conn: list(faults(conn, database)))


@pytest.mark.slow
def test_damage_is_found(device: WsgiTablet, database: Database) -> None:
    device.upload(everything(), finish=True, one_step=True)
    data = everything(patient=[person(modified=T1), person(2)], phq9=[phq9(1), phq9(2, patient=2)])
    data["patient_idnum"].append(number(2, patient=2, value=7))
    device.upload(data, finish=False, one_step=False)
    device.upload({**data, "phq9": [phq9(1, move_off=1)]}, finish=False, one_step=True)
    assert found(database) == []
    table = database.tables["phq9"].table
    pks = database.read(
        lambda conn: conn.scalars(sa.select(table.c._pk).where(table.c._current)).all()
    )
    entry, number_entry = task_index.c, idnum_index.c
    damages = (
        task_index.delete().where(entry.task_table_name == "phq9", entry.task_pk == pks[0]),
        task_index.update().where(entry.task_table_name == "photosequence").values(task_pk=999),
        task_index.update().where(entry.task_pk == pks[1]).values(task_table_name="nonesuch"),
        task_index.update().where(entry.task_table_name == "photosequence").values(patient_pk=None),
        patient_index.delete(),
        patient_index.update().values(surname_key="another"),
        patient_index.insert().values(patient_pk=999, surname_key="", forename_key=""),
        idnum_index.delete(),
        idnum_index.update().values(idnum_value=number_entry.idnum_value + 1),
        idnum_index.update().values(patient_pk=None),
    )
    for damage in damages:
        database.write(lambda conn, damage=damage: conn.execute(damage))
        assert found(database), damage
        database.write(lambda conn: rebuild(database, conn, lambda name, count: None))
        assert found(database) == []
