# SPDX-License-Identifier: GPL-3.0-or-later
"""Every task that a real tablet uploaded, one of each instrument, opens as HTML and as PDF over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from camcops.audit.trail import AuditTrail
from camcops.config import load
from camcops.db.database import Database
from camcops.db.schema import task_index
from camcops.serving.composition import compose
from camcops.serving.pyramid import make_server
from camcops.site import Site, audit_key
from camcops.web.application import make_wsgi_app
from tests.initial_states import make_tablet_state
from tests.running import write_config
from tests.tablet_api.recordings import Replay, recording
from tests.web.browser import Browser


@pytest.fixture
def reader(database: Database, tmp_path: Path) -> Iterator[Browser]:
    """Logged in as a reader of the group, to a whole site to which the tablet has uploaded."""
    make_tablet_state(database)
    settings = load(write_config(tmp_path, database.engine.url, 8000))
    site = Site(settings, database.library, database, AuditTrail(audit_key(settings.site)))
    application = make_wsgi_app(site)
    replay = Replay(application)
    for exchange in recording("tablet_t5_alltasks_onestep"):
        replay.send(exchange)
    listening = make_server(compose(application, settings.server), "127.0.0.1", 0)
    thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    browser = Browser(int(listening.server_port))
    assert browser.log_in("uploader", "uploader-pw-1").status == 303
    yield browser
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.mark.slow
def test_every_task_opens(reader: Browser, database: Database) -> None:
    tasks = database.read(
        lambda conn: conn.execute(
            sa.select(task_index.c.task_table_name, task_index.c.task_pk)
        ).all()
    )
    assert len(tasks) == 138
    for table, pk in tasks:
        page = reader.get(f"/webview/tasks/{table}/{pk}")
        assert page.status == 200, table
        title = database.library[table].short_name
        assert title.split("&")[0] in page.text, table
        document = reader.get(f"/webview/tasks/{table}/{pk}/pdf")
        assert document.status == 200, table
        assert document.body.startswith(b"%PDF-"), table
