# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of patients, clinicians and administrators that hold attacks: shown as they are, run nowhere."""

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from camcops.db.database import Database
from camcops.db.schema import (
    devices,
    groups,
    idnum_definitions,
    patient,
    special_notes,
    users,
)
from tests.web.browser import Browser
from tests.web.specimens import ERA, SERVER_DEVICE, People, store_patient, store_task

ATTACKS = (
    "<script>window.hurt=1</script>",
    '"><img src=x onerror=hurt()>',
    "'><svg/onload=hurt()>",
    "</textarea></title></style><script>hurt()</script>",
    "{{7*7}}${7*7}<%= 7*7 %>#{7*7}",
    "javascript:hurt()",
    "<a href='javascript:hurt()'>x</a><b onclick=hurt()>b</b>",
    "&lt;script&gt;hurt()&lt;/script&gt;",
    '#import "x"\n#read("/etc/hostname") $x$ @y <z> *b* _i_ `raw` \\u{41} //c',
)
ATTACK = " ".join(ATTACKS)
OWN_SCRIPT = re.compile(r"/static/menus\.js\?v=[0-9a-f]+")


class Reader(HTMLParser):
    """Notes whatever could act in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "script" and not OWN_SCRIPT.fullmatch(named.get("src") or ""):
            self.faults.append(f"script {attrs}")
        if tag in ("object", "embed", "iframe", "base", "style", "math", "template"):
            self.faults.append(tag)
        for name, value in attrs:
            target = name in ("href", "src", "action", "formaction")
            if name.startswith("on") or name == "style":
                self.faults.append(f"{tag} {name}")
            if target and not (value or "").startswith(("/", "#", "https://")):
                self.faults.append(f"{tag} {name}={value}")


def faults_in(page: str) -> list[str]:
    reader = Reader()
    reader.feed(page)
    return reader.faults


def hostile_fields(database: Database, table: str) -> dict[str, Any]:
    """Every text column that a tablet fills, full of attacks."""
    instrument = database.library[table]
    columns = database.tables[table].table.c
    return {
        name: ATTACK for name in instrument.all_fields if isinstance(columns[name].type, sa.String)
    }


def poison(database: Database, people: People) -> tuple[int, int]:
    """Names of everything and everybody become attacks; the keys of a patient with such details."""
    who = store_patient(database, people.liaison, ATTACK, ATTACK, sex="F", idnums={1: 5})

    def work(conn: sa.Connection) -> None:
        texts = dict.fromkeys(("surname", "forename", "address", "email", "gp", "other"), ATTACK)
        conn.execute(patient.update().values(texts))
        conn.execute(groups.update().values(description=ATTACK))
        conn.execute(groups.update().where(groups.c.id == people.liaison).values(name=ATTACK))
        conn.execute(devices.update().values(friendly_name=ATTACK))
        conn.execute(
            idnum_definitions.update().values(description=ATTACK, short_description=ATTACK)
        )
        conn.execute(users.update().where(users.c.id == 1).values(username=ATTACK))
        conn.execute(users.update().where(users.c.username == "annie").values(fullname=ATTACK))
        note = {"basetable": "patient", "task_id": who[0], "note": ATTACK, "hidden": False}
        conn.execute(
            special_notes.insert().values(device_id=SERVER_DEVICE, era=ERA, user_id=1, **note)
        )

    database.write(work)
    return who


def tables_with_text(database: Database) -> Iterator[str]:
    for table in database.library:
        if hostile_fields(database, table):
            yield table


@pytest.mark.slow
def test_attacks_in_every_text_are_text_on_every_page(
    annie: Browser, site_database: Database, people: People
) -> None:
    who = poison(site_database, people)
    tables = list(tables_with_text(site_database))
    assert len(tables) > 20

    for table in tables:
        anonymous = site_database.library[table].is_anonymous
        fields = hostile_fields(site_database, table)
        pk = store_task(site_database, people.liaison, table, None if anonymous else who, fields)
        page = annie.get(f"/webview/tasks/{table}/{pk}")
        assert page.status == 200, table
        assert faults_in(page.text) == [], table
        assert "hurt()" in page.text, table

    for path in ("/webview", "/webview/tasks", "/webview/password", "/webview/nowhere"):
        page = annie.get(path)
        assert faults_in(page.text) == [], path


@pytest.mark.parametrize("table", ["progressnote", "diagnosis_icd10", "photo"])
def test_attacks_are_text_on_paper_and_in_file_names(
    annie: Browser,
    site_database: Database,
    people: People,
    table: str,
) -> None:
    who = poison(site_database, people)
    fields = hostile_fields(site_database, table)
    pk = store_task(site_database, people.liaison, table, who, fields)

    paper = annie.get(f"/webview/tasks/{table}/{pk}/pdf")

    assert paper.status == 200
    assert b"/JavaScript" not in paper.body
    assert b"/URI" not in paper.body or b"javascript:" not in paper.body
    assert re.fullmatch(
        r'inline; filename="[A-Za-z0-9_.-]{1,200}\.pdf"', paper.headers["content-disposition"]
    )
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.body)).pages)
    assert '#read("/etc/hostname")' in words
    assert "{{7*7}}" in words
    with open("/etc/hostname", encoding="utf-8") as file:
        assert file.read().strip() not in words


def test_attacks_in_an_address_come_back_as_text(annie: Browser) -> None:
    sent = quote(ATTACK[:200])
    for path in (
        f"/webview/tasks?surname={sent}&forename={sent}",
        f"/webview/tasks?dob={sent}",
        f"/webview/tasks?{sent}={sent}",
        f"/webview/tasks?tasks={sent}",
        f"/webview/tasks?older={sent}",
        f"/webview/login?redirect_url={sent}",
        f"/webview/{sent}",
        f"/static/{sent}",
        f"/login?redirect_url=/{sent}",
    ):
        assert faults_in(annie.get(path).text) == [], path


def test_address_asked_for_by_a_stranger_comes_back_as_text(browser: Browser) -> None:
    answer = browser.get("/webview/tasks?surname=%22%3E%3Cscript%3Ehurt()%3C/script%3E")

    assert answer.status == 403
    assert faults_in(answer.text) == []


@pytest.mark.parametrize(
    "name", ["\u202eevil\u202c", "\u2067x", "a\u0000b", "Ａｎｎｉｅ", "annie\u200b", "ａdmin"]
)
def test_names_that_look_like_others_log_nobody_in(browser: Browser, name: str) -> None:
    token = browser.get("/webview/login").csrf

    answer = browser.post(
        "/webview/login",
        {"csrf_token": token, "username": name, "password": "correct horse battery"},
    )

    assert answer.status in (400, 401)
    assert browser.get("/webview/tasks").status == 403


def test_direction_of_a_name_stays_within_the_name(
    annie: Browser, site_database: Database, people: People
) -> None:
    """A right-to-left override in a name cannot reorder what stands beside it."""
    who = store_patient(site_database, people.liaison, "\u202eSMITH", "\u2066Anne")
    pk = store_task(site_database, people.liaison, "phq9", who, {})

    page = annie.get(f"/webview/tasks/phq9/{pk}").text
    rows = annie.get("/webview/tasks").text

    assert "<bdi>\u202eSMITH</bdi>" in page
    assert re.search("<bdi>\u202eSMITH, \u2066Anne</bdi>", rows)
