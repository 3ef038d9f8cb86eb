# SPDX-License-Identifier: GPL-3.0-or-later
"""Tablets through a front-end server: what was recorded is answered as without one, and can then be read."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from camcops.db.schema import devices, task_index
from tests.front_end.authority import Certificates
from tests.front_end.client import Client
from tests.front_end.conftest import FrontEnd, Site
from tests.front_end.site import newest_audit
from tests.front_end.tablets import through
from tests.tablet_api.recordings import Replay, recording
from tests.tablet_api.test_recorded_tablets import check_same

pytestmark = pytest.mark.xdist_group("front_end")

READ = ("phq9", "bmi", "photo", "cage")
"""Tasks of the recording that are opened as a page and as PDF."""


@pytest.mark.slow
def test_recorded_tablet_registers_and_uploads_and_its_tasks_can_be_read(
    front_ends: Callable[[str], FrontEnd], whole_site: Site, certificates: Certificates
) -> None:
    mount = front_ends("apache").mounts["apache /camcops socket"]
    tablet = Client(mount, certificates.trusted(), comes_from="127.0.0.78")
    replay = Replay(through(tablet))
    exchanges = recording("tablet_t5_alltasks_onestep")
    for exchange in exchanges:
        check_same(exchange, replay.send(exchange))
    name = exchanges[-1].form["device"]
    query = (
        sa.select(task_index.c.task_table_name, task_index.c.task_pk)
        .join(devices, devices.c.id == task_index.c.device_id)
        .where(devices.c.name == name)
    )
    tasks = dict(whole_site.database.read(lambda conn: conn.execute(query).all()))
    assert len(tasks) == 138
    reader = Client(mount, certificates.trusted())
    assert reader.log_in("uploader", "uploader-pw-1").status == 303
    for table in READ:
        page = reader.get(f"/camcops/webview/tasks/{table}/{tasks[table]}")
        pdf = reader.get(f"/camcops/webview/tasks/{table}/{tasks[table]}/pdf")
        assert (page.status, page.headers.get_content_type()) == (200, "text/html")
        assert whole_site.database.library[table].short_name.split("&")[0] in page.text
        assert (pdf.status, pdf.headers.get_content_type()) == (200, "application/pdf")
        assert pdf.body.startswith(b"%PDF-")
        assert pdf.body.rstrip().endswith(b"%%EOF")


@pytest.mark.parametrize("endpoint", ["/database", "/api"])
def test_a_tablet_may_ask_at_either_address(
    client: Client, whole_site: Site, endpoint: str
) -> None:
    client.comes_from = "127.0.0.79"
    replay = Replay(through(client, endpoint))
    first = next(e for e in recording("tablet_t1") if e.form.get("operation") == "register")

    answer = replay.send(first)

    assert answer.status == 200
    assert answer.lines["success"] == "1"
    assert newest_audit(whole_site.database, "register") == "127.0.0.79"
