# SPDX-License-Identifier: GPL-3.0-or-later
"""One task: page, PDF and pictures; who may see them, what is audited, and at what cost."""

import re
from io import BytesIO

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from camcops.db.database import Database
from camcops.db.schema import audit
from tests.statements import count_statements
from tests.web.browser import Browser
from tests.web.specimens import PHQ9, People, lifecycle, store_patient, store_picture, store_task

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcff9fa1"
    "1e000782027f3dc848ef0000000049454e44ae426082"
)
"""A PNG of one pixel."""


@pytest.fixture
def smith(site_database: Database, people: People) -> int:
    who = store_patient(
        site_database, people.liaison, "Smith", "Zoë <i>", idnums={1: 9434765919, 2: 77}
    )
    return store_task(site_database, people.liaison, "phq9", who, PHQ9)


@pytest.fixture
def jones(site_database: Database, people: People) -> int:
    who = store_patient(site_database, people.perinatal, "Jones", "Alan", sex="M")
    return store_task(site_database, people.perinatal, "phq9", who, PHQ9)


def store_photo(database: Database, group_id: int, mimetype: str = "image/png") -> tuple[int, int]:
    """A photograph task with its picture; the server's keys of both."""
    who = store_patient(database, group_id, "Brown", "Jo")
    pk = store_task(database, group_id, "photo", who, {"description": "Left hand"})
    table = database.tables["photo"].table
    key = database.read(lambda conn: conn.scalar(sa.select(table.c.id).where(table.c._pk == pk)))
    assert key is not None
    own, blob = store_picture(database, group_id, "photo", key, "photo_blobid", PIXEL, mimetype)
    change = table.update().where(table.c._pk == pk).values(photo_blobid=own)
    database.write(lambda conn: conn.execute(change))
    return pk, blob


def trail(database: Database) -> list[tuple[str, str | None, int | None]]:
    query = sa.select(audit.c.details, audit.c.table_name, audit.c.server_pk).order_by(audit.c.id)
    return [tuple(row) for row in database.read(lambda conn: conn.execute(query).all())]


def test_page_shows_patient_scores_and_answers(annie: Browser, smith: int) -> None:
    page = annie.get(f"/webview/tasks/phq9/{smith}").text

    assert "SMITH" in page
    assert "Zoë &lt;i&gt;" in page
    assert "943 476 5919" in page
    assert "Patient Health Questionnaire" in page
    assert re.search(r"Total score.{1,400}13.{1,80}27.{1,80}Moderate", page, re.DOTALL)
    assert 'href="/webview/tasks?which_idnum=1&amp;idnum_value=9434765919"' in page
    assert page.count("<h1") == 1


def test_page_has_nothing_inline(annie: Browser, smith: int) -> None:
    page = annie.get(f"/webview/tasks/phq9/{smith}").text

    assert not re.search(r"<[^>]+\sstyle=|<style|<[^>]+\son[a-z]+=|<script(?![^>]*\ssrc=)", page)


def test_pdf_opens_in_the_browser_under_the_sites_name(annie: Browser, smith: int) -> None:
    answer = annie.get(f"/webview/tasks/phq9/{smith}/pdf")

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == (
        'inline; filename="CamCOPS_SMITH_ZOE_I_NHS-9434765919_RiO-77_'
        f'2026-07-07T140500_phq9-{smith}.pdf"'
    )
    text = PdfReader(BytesIO(answer.body)).pages[0].extract_text()
    assert "SMITH" in text
    assert "Patient Health Questionnaire" in text


def test_each_look_is_in_the_audit_trail(
    annie: Browser, site_database: Database, smith: int
) -> None:
    annie.get(f"/webview/tasks/phq9/{smith}")
    annie.get(f"/webview/tasks/phq9/{smith}/pdf")

    assert trail(site_database) == [
        ("Login", None, None),
        ("Viewed HTML", "phq9", smith),
        ("Viewed PDF", "phq9", smith),
    ]


def test_another_groups_task_is_as_good_as_absent(
    annie: Browser, site_database: Database, jones: int
) -> None:
    for ending in ("", "/pdf"):
        refused = annie.get(f"/webview/tasks/phq9/{jones}{ending}")
        absent = annie.get(f"/webview/tasks/phq9/{jones + 1000}{ending}")

        assert refused.status == absent.status == 404
        assert refused.text == absent.text
    assert [row[0] for row in trail(site_database)] == ["Login"]


def test_user_without_groups_finds_nothing(browser: Browser, smith: int) -> None:
    assert browser.log_in("lonely").status == 401
    assert browser.get(f"/webview/tasks/phq9/{smith}").status == 403


def test_who_may_not_browse_may_still_open_a_task_of_the_group(
    browser: Browser, smith: int
) -> None:
    browser.log_in("narrow")

    assert browser.get(f"/webview/tasks/phq9/{smith}").status == 200


@pytest.mark.parametrize("ending", ["", "/pdf"])
def test_strangers_see_no_task(browser: Browser, smith: int, ending: str) -> None:
    answer = browser.get(f"/webview/tasks/phq9/{smith}{ending}")

    assert answer.status == 403
    assert "SMITH" not in answer.text


def test_picture_is_shown_on_the_page_and_audited(
    annie: Browser, site_database: Database, people: People
) -> None:
    pk, blob = store_photo(site_database, people.liaison)

    page = annie.get(f"/webview/tasks/photo/{pk}").text
    answer = annie.get(f"/webview/blobs/{blob}")

    assert f'src="/webview/blobs/{blob}"' in page
    assert answer.body == PIXEL
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "inline"
    assert "no-store" in answer.headers["cache-control"]
    assert trail(site_database)[-1] == ("Viewed picture", "photo", pk)
    assert annie.get(f"/webview/tasks/photo/{pk}/pdf").status == 200


@pytest.mark.parametrize("mimetype", ["text/html", "image/svg+xml", "application/pdf", ""])
def test_only_pictures_of_known_kinds_are_shown_in_place(
    annie: Browser, site_database: Database, people: People, mimetype: str
) -> None:
    _, blob = store_photo(site_database, people.liaison, mimetype)

    answer = annie.get(f"/webview/blobs/{blob}")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"


def test_another_groups_picture_is_as_good_as_absent(
    annie: Browser, site_database: Database, people: People
) -> None:
    _, blob = store_photo(site_database, people.perinatal)

    refused, absent = annie.get(f"/webview/blobs/{blob}"), annie.get("/webview/blobs/999999")

    assert refused.status == absent.status == 404
    assert refused.text == absent.text
    assert PIXEL not in refused.body


def test_strangers_see_no_picture(
    browser: Browser, site_database: Database, people: People
) -> None:
    _, blob = store_photo(site_database, people.liaison)

    assert browser.get(f"/webview/blobs/{blob}").status == 403


@pytest.mark.parametrize("ending", ["", "/pdf"])
def test_a_task_costs_fifteen_statements(
    annie: Browser, site_database: Database, smith: int, ending: str
) -> None:
    with count_statements(site_database) as seen:
        assert annie.get(f"/webview/tasks/phq9/{smith}{ending}").status == 200

    assert len(seen) <= 15, seen


def test_a_pdf_with_pictures_costs_no_more(
    annie: Browser, site_database: Database, people: People
) -> None:
    who = store_patient(site_database, people.liaison, "Brown", "Jo")
    series = {"sequence_description": "Wound"}
    pk = store_task(site_database, people.liaison, "photosequence", who, series)
    task, child = (site_database.tables[n].table for n in ("photosequence", "photosequence_photos"))
    key = site_database.read(lambda conn: conn.scalar(sa.select(task.c.id).where(task.c._pk == pk)))
    assert key is not None
    for number in range(1, 13):
        photo = 1000 + number
        own, _ = store_picture(
            site_database,
            people.liaison,
            child.name,
            photo,
            "photo_blobid",
            PIXEL,
            "image/png",
        )
        values = {"photosequence_id": key, "seqnum": number, "photo_blobid": own}
        row = lifecycle(people.liaison, photo) | values
        site_database.write(lambda conn, row=row: conn.execute(child.insert().values(row)))
    with count_statements(site_database) as seen:
        answer = annie.get(f"/webview/tasks/photosequence/{pk}/pdf")

    assert answer.status == 200
    assert answer.body.count(b"/Subtype /Image") + answer.body.count(b"/Subtype/Image") > 0
    assert len(seen) <= 15, seen
