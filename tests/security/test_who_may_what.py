# SPDX-License-Identifier: GPL-3.0-or-later
"""Every route of the application, and what it answers to everyone who may come.

The routes are taken from the application: one without a line here fails.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
import sqlalchemy as sa

from camcops.accounts.permissions import Permission
from camcops.accounts.users import add_membership, create_user
from camcops.db.database import Database
from camcops.site import Site
from camcops.web.application import configured
from camcops.web.old_addresses import MOVED
from tests.security.intruder import TOKEN, in_session
from tests.web.browser import Browser
from tests.web.specimens import (
    PASSWORD,
    PHQ9,
    SERVER_DEVICE,
    People,
    store_patient,
    store_picture,
    store_task,
)

EVERYONE = (
    "stranger",
    "annie",  # reads the group whose records are asked for
    "narrow",  # reads them, but only by patient
    "bob",  # reads another group
    "lonely",  # no longer in any group
    "tablet",  # may upload only
    "patient",  # made for a patient's own tablet
    "newcomer",  # must set a password first
    "root",  # superuser
)
READERS = ("annie", "narrow", "bob", "root")
OWN = ("annie", "narrow", "root")


@dataclass(frozen=True)
class Decision:
    """Statuses of GET: of those named, of the one who must set a password, of everybody else."""

    path: str
    allowed: tuple[str, ...]
    status: int = 200
    newcomer: int = 303
    others: int = 403
    not_found_for: tuple[str, ...] = ()

    def expected(self, person: str) -> int:
        if person in self.allowed:
            return self.status
        if person in self.not_found_for:
            return 404
        return self.newcomer if person == "newcomer" else self.others


def open_to_all(path: str, status: int = 200) -> Decision:
    return Decision(path, EVERYONE, status)


DECISIONS = {
    "root": Decision("/", (*READERS, "newcomer"), 303, others=200),
    "health": open_to_all("/healthz"),
    "static": open_to_all("/static/theme.css"),
    "login": open_to_all("/webview/login"),
    "logout": Decision("/webview/logout", (), others=405, newcomer=405),
    "password": Decision("/webview/password", (*READERS, "newcomer")),
    "home": Decision("/webview", READERS, others=200),  # the log-in form
    "tasks": Decision("/webview/tasks", READERS),
    "task": Decision("/webview/tasks/phq9/{task}", OWN, not_found_for=("bob",)),
    "task_pdf": Decision("/webview/tasks/phq9/{task}/pdf", OWN, not_found_for=("bob",)),
    "picture": Decision("/webview/blobs/{blob}", OWN, not_found_for=("bob",)),
    "tablet_api": open_to_all("/api"),
    "tablet_database": open_to_all("/database"),
    "old /login": open_to_all("/login", 301),
    "old /task": open_to_all("/task?table_name=phq9&server_pk={task}", 301),
} | {f"old {path}": open_to_all(path, 301) for path in MOVED}

FORMS = {"login": "/webview/login", "logout": "/webview/logout", "password": "/webview/password"}
"""Routes that a form is posted to; besides them only tablets post."""
SECRETS = (b"SECRETNAME", b"Secretname", b"a secret picture", b"%PDF")


@dataclass(frozen=True)
class Records:
    task: int
    blob: int


@pytest.fixture
def records(site_database: Database, people: People) -> Records:
    who = store_patient(site_database, people.liaison, "Secretname", "Zoe", idnums={2: 5})
    task = store_task(site_database, people.liaison, "phq9", who, PHQ9)
    photo = store_task(site_database, people.liaison, "photo", who, {"photo_blobid": 1})
    key = site_database.read(
        lambda conn: conn.scalar(
            site_database.tables["photo"]
            .table.select()
            .with_only_columns(site_database.tables["photo"].table.c.id)
            .where(site_database.tables["photo"].table.c._pk == photo)
        )
    )
    assert key is not None
    picture = (b"a secret picture", "image/png")
    _, blob = store_picture(site_database, people.liaison, "photo", key, "photo_blobid", *picture)
    return Records(task, blob)


def visitor(port: int, database: Database, people: People, person: str) -> Browser:
    if person == "stranger":
        return Browser(port)
    if person == "patient":

        def make(conn: sa.Connection) -> None:
            user = create_user(conn, username=person, password=PASSWORD, auto_generated=True)
            add_membership(conn, user, people.liaison, list(Permission))

        database.write(make)
    return in_session(port, database, person)


def test_every_route_has_a_decision(site: Site) -> None:
    config = configured(site)
    config.commit()
    introspector = config.registry.introspector
    routes = {entry["introspectable"]["name"] for entry in introspector.get_category("routes")}
    posting = {
        entry["introspectable"]["route_name"]
        for entry in introspector.get_category("views")
        if "GET" not in (entry["introspectable"]["request_methods"] or ())
        and entry["introspectable"]["route_name"]
    }

    assert routes == set(DECISIONS)
    assert posting == {*FORMS, "tablet_api", "tablet_database", "health"}


@pytest.mark.parametrize("person", EVERYONE)
def test_every_route_answers_each_person_as_decided(
    serve: Callable[..., int],
    site_database: Database,
    people: People,
    records: Records,
    person: str,
) -> None:
    port = serve()
    browser = visitor(port, site_database, people, person)
    for name, decision in DECISIONS.items():
        path = decision.path.format(task=records.task, blob=records.blob)
        expected = decision.expected(person)
        cookies = dict(browser.cookies)

        answer = browser.get(path, X_HTTP_Method_Override="DELETE")
        browser.cookies = cookies
        head = browser.ask("HEAD", path, None)

        assert (name, answer.status) == (name, expected)
        assert (name, head.status) == (name, expected)
        assert head.body == b""
        if person not in OWN:
            assert not any(secret in answer.body for secret in SECRETS), name


@pytest.mark.parametrize("person", EVERYONE)
def test_nobody_posts_without_the_token_of_forms_and_nobody_puts(
    serve: Callable[..., int], site_database: Database, people: People, person: str
) -> None:
    port = serve()
    for name, decision in DECISIONS.items():
        path = decision.path.format(task=1, blob=1).partition("?")[0]
        browser = visitor(port, site_database, people, person) if person != "patient" else None
        browser = browser or Browser(port)
        sent = {"username": "annie", "password": PASSWORD, "_method": "GET"}

        for fields in (sent, sent | {"csrf_token": "guessed"}):
            status = browser.post(path, fields).status
            wanted = (400, 403) if name in (*FORMS, "health") or "tablet" in name else (404, 405)
            assert (name, status in wanted) == (name, True), status
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            assert browser.ask(method, path, None).status == 405


def test_record_of_another_version_or_unfinished_upload_is_judged_alike(
    serve: Callable[..., int], site_database: Database, people: People, records: Records
) -> None:
    port = serve()
    table = site_database.tables["phq9"].table
    bob, annie = (in_session(port, site_database, name) for name in ("bob", "annie"))

    for change, status in (
        ({"_current": False}, 200),
        ({"_current": False, "_manually_erased": True}, 200),
        ({"_addition_pending": True}, 404),
    ):
        update = table.update().values(change)
        site_database.write(partial(sa.Connection.execute, statement=update))
        assert annie.get(f"/webview/tasks/phq9/{records.task}").status == status
        assert bob.get(f"/webview/tasks/phq9/{records.task}").status == 404


def test_guessing_keys_tells_nothing(
    serve: Callable[..., int], site_database: Database, people: People, records: Records
) -> None:
    bob = in_session(serve(), site_database, "bob")
    absent = bob.get("/webview/tasks/phq9/99999")

    for path in (
        f"/webview/tasks/phq9/{records.task}",
        f"/webview/tasks/gad7/{records.task}",
        f"/webview/tasks/patient/{SERVER_DEVICE}",
        "/webview/tasks/blobs/1",
        "/webview/tasks/patient_idnum/1",
        "/webview/tasks/photosequence_photos/1",
    ):
        answer = bob.get(path)
        assert (answer.status, answer.body) == (absent.status, absent.body), path


def test_rights_that_are_taken_away_are_gone_at_once(
    serve: Callable[..., int], site_database: Database, people: People, records: Records
) -> None:
    browser = in_session(serve(), site_database, "annie")
    assert browser.get(f"/webview/tasks/phq9/{records.task}").status == 200

    site_database.write(lambda conn: add_membership(conn, people.annie, people.liaison, []))

    assert browser.get(f"/webview/tasks/phq9/{records.task}").status == 403
    assert browser.post("/webview/logout", {"csrf_token": TOKEN}).status == 403
