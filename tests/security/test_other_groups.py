# SPDX-License-Identifier: GPL-3.0-or-later
"""Records refer to each other by keys that their tablet chose; that leads nobody into other groups.

Whoever may upload to one group and knows the name of another group's tablet can store a task of their own
that refers to that tablet's patients, rows and pictures.
"""

import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import patient_idnum, special_notes
from tests.web.browser import Browser
from tests.web.specimens import (
    ERA,
    PHQ9,
    SERVER_DEVICE,
    People,
    lifecycle,
    store_patient,
    store_picture,
    store_task,
)

NHS = 9434765919


def test_own_task_shows_no_patient_of_another_group(
    annie: Browser, site_database: Database, people: People
) -> None:
    stranger = store_patient(
        site_database, people.perinatal, "Secretname", "Zoe", idnums={1: NHS, 2: 876543}
    )
    note = {"basetable": "patient", "task_id": stranger[0], "note": "Secretnote", "hidden": False}
    site_database.write(
        lambda conn: conn.execute(
            special_notes.insert().values(device_id=SERVER_DEVICE, era=ERA, **note)
        )
    )
    pk = store_task(site_database, people.liaison, "phq9", stranger, PHQ9)

    page = annie.get(f"/webview/tasks/phq9/{pk}")
    pdf = annie.get(f"/webview/tasks/phq9/{pk}/pdf")
    everything = annie.get("/webview/tasks").text + annie.get("/webview").text

    assert page.status == 200
    assert "belong to a group whose records you may not see" in page.text
    for shown in (page.text, everything, pdf.headers["content-disposition"]):
        for secret in ("Secretname", "SECRETNAME", "Zoe", "Secretnote", "876543", "1970"):
            assert secret not in shown
    assert f"/webview/tasks/phq9/{pk}" in everything
    assert "No task matches" in annie.get("/webview/tasks?surname=Secretname").text


def test_own_patient_under_anothers_key_brings_no_id_numbers_along(
    annie: Browser, site_database: Database, people: People
) -> None:
    mine = store_patient(site_database, people.liaison, "Smith", "Anne")
    theirs = lifecycle(people.perinatal, 4711) | {
        "patient_id": mine[0],
        "which_idnum": 2,
        "idnum_value": 876543,
    }
    site_database.write(lambda conn: conn.execute(patient_idnum.insert().values(theirs)))
    pk = store_task(site_database, people.liaison, "phq9", mine, PHQ9)

    page = annie.get(f"/webview/tasks/phq9/{pk}")

    assert "SMITH" in page.text
    assert "876543" not in page.text
    assert "Not all of this record is shown" in page.text


def test_own_task_shows_no_picture_and_no_row_of_another_group(
    annie: Browser, site_database: Database, people: People
) -> None:
    mine = store_patient(site_database, people.liaison, "Smith", "Anne")
    key, blob = store_picture(
        site_database, people.perinatal, "photo", 777, "photo_blobid", b"a secret", "image/png"
    )
    photo = store_task(site_database, people.liaison, "photo", mine, {"photo_blobid": key})
    sequence = store_task(site_database, people.liaison, "photosequence", mine, {})
    row = lifecycle(people.perinatal, 888) | {
        "photosequence_id": 778,
        "seqnum": 1,
        "description": "Secretrow",
    }

    def link(conn: sa.Connection) -> None:
        tables = site_database.tables
        conn.execute(tables["photo"].table.update().values(id=777))
        conn.execute(tables["photosequence"].table.update().values(id=778))
        conn.execute(tables["photosequence_photos"].table.insert().values(row))

    site_database.write(link)

    assert annie.get(f"/webview/blobs/{blob}").status == 404
    page = annie.get(f"/webview/tasks/photo/{photo}")
    assert f"/webview/blobs/{blob}" not in page.text
    assert "Not all of this record is shown" in page.text
    rows = annie.get(f"/webview/tasks/photosequence/{sequence}")
    assert rows.status == 200
    assert "Secretrow" not in rows.text
    assert "Not all of this record is shown" in rows.text


def test_who_sees_both_groups_sees_the_whole_record(
    browser: Browser, site_database: Database, people: People
) -> None:
    stranger = store_patient(site_database, people.perinatal, "Secretname", "Zoe", idnums={2: 5})
    pk = store_task(site_database, people.liaison, "phq9", stranger, PHQ9)
    browser.log_in("root")

    page = browser.get(f"/webview/tasks/phq9/{pk}")

    assert "SECRETNAME" in page.text
    assert "Not all of this record is shown" not in page.text
