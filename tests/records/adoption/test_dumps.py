# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases made by CamCOPS 2.4: adopted, read through, uploaded to, and left again."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.accounts.groups import create_group
from camcops.accounts.permissions import EVERY, Permission
from camcops.accounts.users import add_membership, create_user
from camcops.db.database import Database
from camcops.db.schema import adoption_repairs, groups, task_index, task_scores
from camcops.db.state import require_current
from camcops.db.upgrade import upgrade
from camcops.documents import html, pdf
from camcops.documents.task import task_document
from camcops.records.adoption.adopting import Adoption
from camcops.records.index_check import faults
from camcops.records.reading import StoredTask, load_task
from camcops.serving.pyramid import make_server
from tests.initial_states import PASSWORD as SCRIPTED_PASSWORD
from tests.records.adoption.dumps import (
    Upstream,
    altered,
    foreign_keys_and_indexes,
    seen_by_upstream,
)
from tests.records.adoption.upstream_statements import leave_and_use
from tests.tablet_api.recordings import Replay, recording
from tests.tablet_api.test_recorded_tablets import check_same, check_stored
from tests.tablet_api.test_scripted_session import test_scripted_session as check_scripted_session
from tests.web.browser import Browser

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("adoption")]

DUMPS = ("initial_tablet", "initial_scripted", "after_scripted")
# Repairs of what is derived.
OF_INDEXES = ("index", "stale_patient", "stale_completeness")
TRACES = ("tablet_t1", "tablet_t5_alltasks_onestep")
TABLET = ("tablet", "tablet-pw-1")
# Of the user `tablet`, hashed with bcrypt by CamCOPS 2.4.
PASSWORDS = {
    "initial_tablet": TABLET[1],
    "initial_scripted": SCRIPTED_PASSWORD,
    "after_scripted": SCRIPTED_PASSWORD,
}


def adopt(database: Database, *, final: bool = False) -> list[str]:
    """Adopt; what was told."""
    told: list[str] = []
    url = database.engine.url.render_as_string(hide_password=False)
    upgrade(url, database.library, adopter=Adoption(told.append, final=final))
    return told


def repaired(database: Database) -> set[tuple[str, Any]]:
    """The rows that the adoption says it altered."""
    columns = adoption_repairs.c
    query = sa.select(columns.table_name, columns.server_pk).where(columns.kind.not_in(OF_INDEXES))
    return {tuple(row) for row in database.read(lambda conn: conn.execute(query).all())}


@pytest.mark.parametrize("name", DUMPS)
def test_adopted_used_and_left(
    upstream: Callable[[str], Database],
    whole_application: Callable[[Database], WSGIApplication],
    name: str,
) -> None:
    database = upstream(name)
    before = database.read(seen_by_upstream)
    indexes = database.read(foreign_keys_and_indexes)
    told = adopt(database)
    assert "(revision 0087): 152 tables" in told[0]
    check_unaltered(database, before, indexes)
    assert len(repaired(database)) == (3 if name == "after_scripted" else 0)
    read_through(database)
    application = whole_application(database)
    read_in_a_browser(application, PASSWORDS[name], database)

    user = TABLET if name == "initial_tablet" else add_uploader(database)
    for trace in TRACES:
        upload(database, application, trace, user, exactly=name == "initial_tablet")
    read_through(database)
    assert database.read(lambda conn: list(faults(conn, database))) == []

    database.write(lambda conn: leave_and_use(conn, before))
    if name == "initial_tablet":
        adopt(database, final=True)
        check_guarded(database)


def check_guarded(database: Database) -> None:
    """In each table, no second row of an object can become current."""
    for client in database.tables.values():
        columns = [column for column in client.table.columns if column.name != "_pk"]
        copied = sa.select(*columns).where(client.table.c._current).limit(1)
        again = client.table.insert().from_select([column.name for column in columns], copied)
        with database.engine.begin() as conn:
            if conn.execute(copied).first() is None:
                continue
            with pytest.raises(sa.exc.IntegrityError):
                conn.execute(again)
            conn.rollback()


def check_unaltered(database: Database, before: Upstream, indexes: set[tuple[str, str]]) -> None:
    """To CamCOPS 2.4 the database is what it was, but for the rows that were put right."""
    require_current(database)
    after = database.read(lambda conn: seen_by_upstream(conn, like=before))
    assert after.columns == before.columns
    assert indexes <= database.read(foreign_keys_and_indexes)
    assert altered(before, after) == repaired(database)
    assert database.read(lambda conn: list(faults(conn, database))) == []


def read_in_a_browser(application: WSGIApplication, password: str, database: Database) -> None:
    """A user of CamCOPS 2.4 logs in with the password of old, and reads what the list shows."""
    columns = task_index.c
    query = sa.select(columns.task_table_name, columns.task_pk).join(
        groups, groups.c.id == columns.group_id
    )
    tasks = database.read(
        lambda conn: conn.execute(query.where(groups.c.name.in_(["clinic", "g1"]))).all()
    )
    with listening(application) as port:
        browser = Browser(port)
        assert browser.log_in("tablet", "not the password").status == 401
        assert browser.log_in("tablet", password).status == 303
        listed = browser.get("/webview/tasks")
        assert listed.status == 200
        for table, pk in tasks:
            address = f"/webview/tasks/{table}/{pk}"
            assert address in listed.text
            assert browser.get(address).status == 200


@contextmanager
def listening(application: WSGIApplication) -> Iterator[int]:
    """Serve an application; the port."""
    server = make_server(application, "127.0.0.1", 0)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def add_uploader(database: Database) -> tuple[str, str]:
    """A user for the recorded tablet, in a group with the policies that it knows."""

    def add(conn: sa.Connection) -> None:
        group = create_group(
            conn,
            name="g1",
            description="Group 1",
            upload_policy="sex AND anyidnum",
            finalize_policy="forename AND surname AND dob AND sex AND idnum2",
        )
        user = create_user(conn, username="recorded", password=TABLET[1], upload_group_id=group)
        flags = (Permission.MAY_UPLOAD, Permission.MAY_REGISTER_DEVICES)
        add_membership(conn, user, group, flags)

    database.write(add)
    return ("recorded", TABLET[1])


def upload(
    database: Database,
    application: WSGIApplication,
    trace: str,
    user: tuple[str, str],
    *,
    exactly: bool,
) -> None:
    """Send a recorded tablet's requests as this user; what it uploads is stored to the last cell.

    With `exactly`, each answer is that of CamCOPS 2.4.
    """
    replay = Replay(application)
    for exchange in recording(trace):
        form = dict(exchange.form)
        if form.get("user") == TABLET[0]:
            form |= {"user": user[0], "password": user[1]}
        answer = replay.send(dataclasses.replace(exchange, form=form))
        if exactly:
            check_same(exchange, answer)
        elif exchange.reply.get("success") == "1":
            assert answer.lines["success"] == "1", (exchange.n, answer.lines)
        if exchange.form.get("operation") == "upload_entire_database":
            data = json.loads(exchange.form["dbdata"])
            finalizing = exchange.form["finalizing"] != "0"
            check_stored(database, data, era="closed" if finalizing else None)


def read_through(database: Database) -> None:
    """Every task as HTML, one PDF of each table; all of them scored."""
    columns = task_index.c
    query = sa.select(columns.task_table_name, columns.task_pk)
    tasks = database.read(lambda conn: conn.execute(query).all())
    scored = sa.select(sa.func.count()).select_from(task_scores)
    assert database.read(lambda conn: conn.scalar(scored)) == len(tasks)
    printed: set[str] = set()
    for table, pk in tasks:
        stored = _stored(database, table, pk)
        document = task_document(stored, database.library.strings)
        assert html.write(document, str).startswith("<")
        if table not in printed:
            printed.add(table)
            assert pdf.write(document, {}).startswith(b"%PDF-")


def _stored(database: Database, table: str, pk: int) -> StoredTask:
    stored = database.read(lambda conn: load_task(conn, database, table, pk, visible=EVERY))
    assert stored is not None
    return stored


def test_scripted_session_goes_on(
    upstream: Callable[[str], Database], make_application: Callable[[Database], WSGIApplication]
) -> None:
    """What was recorded with CamCOPS 2.4 from this state on leads to the same rows."""
    database = upstream("initial_scripted")
    adopt(database)
    check_scripted_session((database, make_application(database)))
