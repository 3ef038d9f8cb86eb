# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is sent that is no good request: the right status, a plain reason, nothing changed."""

from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.accounts.users import set_password
from camcops.db.database import Database
from camcops.db.schema import devices, memberships, users
from tests.tablet import WsgiTablet, encoded, send, tablet
from tests.tablet_api.refusals import NOT_A_REQUEST, refused


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"hello", "application/x-www-form-urlencoded"),
        (b"camcops_version=2.4.24&operation=%zz", "application/x-www-form-urlencoded"),
        (b"camcops_version=2.4.24&operation=x&operation=y", "application/x-www-form-urlencoded"),
        (b"camcops_version=2.4.24&device=d&operation=register", "text/plain"),
        (b'{"camcops_version": "2.4.24"}', "application/json"),
    ],
)
def test_no_form(quick_application: WSGIApplication, body: bytes, content_type: str) -> None:
    answer = send(quick_application, body, content_type=content_type)
    assert (answer.status, answer.body) == (400, NOT_A_REQUEST)


@pytest.mark.parametrize(
    "change",
    [
        {"camcops_version": ""},
        {"camcops_version": "abc"},
        {"camcops_version": "1.2.3.4"},
        {"camcops_version": "2.4.24-" + "x" * 200},
        {"device": "two words"},
        {"device": "d" * 192},
        {"device": "server"},
        {"user": "o'brien"},
        {"user": "u" * 192},
        {"user": "system"},
        {"operation": "get id info"},
        {"operation": "x;y"},
    ],
)
def test_unusable_common_field(quick_device: WsgiTablet, change: dict[str, str]) -> None:
    form = {**quick_device.form("get_id_info"), **change}
    answer = send(quick_device.application, encoded(form))
    assert (answer.status, answer.body) == (400, NOT_A_REQUEST)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/api", "/database"])
def test_other_methods(quick_application: WSGIApplication, method: str, path: str) -> None:
    assert send(quick_application, b"", method=method, path=path).status == 405


def test_a_tablet_too_old_is_told_so(quick_device: WsgiTablet) -> None:
    quick_device.version = "2.2.8"
    refused(quick_device.answer("check_device_registered"), "2.2.8", "2.3.0")


@pytest.mark.parametrize("operation", ["no_such_operation", "Register", "register_patient", ""])
def test_unknown_operation(quick_device: WsgiTablet, operation: str) -> None:
    refused(quick_device.answer(operation))


def test_many_wrong_passwords_lock_the_name(quick_device: WsgiTablet) -> None:
    right = quick_device.password
    quick_device.password = "wrong"
    for _ in range(10):
        quick_device.answer("get_id_info")
        quick_device.session = {}
    quick_device.password = right
    refused(quick_device.answer("get_id_info"), "locked until")


def test_refusals_have_texts_of_their_own(
    quick_device: WsgiTablet, sqlite_database: Database
) -> None:
    application = quick_device.application
    stranger = tablet(application, "stranger")
    texts = [stranger.answer("get_id_info").lines["error"]]
    refused(stranger.answer("check_device_registered"), "Unregistered device")
    uploader = tablet(application, "device-1", "uploader", "uploader-pw-1")
    refused(uploader.answer("register"), "may not register")
    texts.append(uploader.answer("register").lines["error"])
    assert uploader.answer("get_allowed_tables").lines["success"] == "1"
    sqlite_database.write(lambda conn: conn.execute(memberships.update().values(may_upload=False)))
    fresh = tablet(application, "device-1")
    refused(fresh.answer("start_upload"), "may not upload")
    texts.append(fresh.answer("start_upload").lines["error"])
    sqlite_database.write(lambda conn: conn.execute(users.update().values(upload_group_id=None)))
    for operation in ("register", "start_upload"):
        refused(fresh.answer(operation), "group")
    texts.append(fresh.answer("register").lines["error"])
    assert len(set(texts)) == 4


def test_sessions_only_save_the_password(
    quick_device: WsgiTablet, sqlite_database: Database
) -> None:
    first = quick_device.call("check_upload_user_and_device")
    assert int(first["session_id"]) > 0
    form = {**quick_device.form("check_upload_user_and_device"), "password": "not looked at"}
    again = send(quick_device.application, encoded(form)).lines
    assert (again["success"], again["session_id"]) == ("1", first["session_id"])
    assert again["session_token"] == first["session_token"]
    for change in (
        {"session_token": "garbage"},
        {"session_id": "not a number"},
        {"session_id": "999999999999999"},
        {"session_id": ""},
    ):
        form = {**quick_device.form("check_upload_user_and_device"), **change}
        other = send(quick_device.application, encoded(form)).lines
        assert other["success"] == "1", change
        assert other["session_id"] != first["session_id"]
    elsewhere = send(
        quick_device.application,
        encoded(quick_device.form("check_upload_user_and_device")),
        remote_addr="192.0.2.99",
    )
    assert elsewhere.lines["session_id"] != first["session_id"]
    quick_device.user, quick_device.password = "uploader", "uploader-pw-1"
    theirs = quick_device.call("check_upload_user_and_device")
    assert theirs["session_id"] != first["session_id"]
    user_id = sqlite_database.read(
        lambda conn: conn.scalar(sa.select(users.c.id).where(users.c.username == "uploader"))
    )
    sqlite_database.write(lambda conn: set_password(conn, user_id, "another-pw-22"))


def test_friendly_names_are_limited_and_devices_refreshed(
    quick_device: WsgiTablet, sqlite_database: Database
) -> None:
    refused(quick_device.answer("register", devicefriendlyname="x" * 1001), "1000")
    quick_device.call("register", devicefriendlyname="Ward 3 — café")
    query = sa.select(devices).where(devices.c.name == "device-1")
    [row] = sqlite_database.read(lambda conn: conn.execute(query).all())
    assert (row.friendly_name, row.camcops_version) == ("Ward 3 — café", "2.4.24")


@pytest.mark.parametrize("value", [b"a%00b", b"%ff%fe", b"%ed%a0%80"])
def test_bytes_that_are_no_text(quick_device: WsgiTablet, value: bytes) -> None:
    body = encoded(quick_device.form("register", devicefriendlyname="MARK"))
    refused(send(quick_device.application, body.replace(b"MARK", value)), "devicefriendlyname")
