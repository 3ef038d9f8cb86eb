# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a tablet, or something else, sends: the right status, a plain reason, and nothing changed."""

import json
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.accounts.users import set_password
from camcops.db.database import Database
from camcops.db.schema import devices, memberships, users
from tests.tablet import Answer, WsgiTablet, encoded, send, tablet
from tests.tablet_api.contents import everything, phq9

NOT_A_REQUEST = b"Not a valid CamCOPS API request\n"
WHEN = "'2026-05-01T10:00:00.000+00:00'"


def refused(answer: Answer, *words: str) -> None:
    """A failure that the tablet shows: status 200, a reason with these words, the session's lines."""
    assert answer.status == 200, answer
    lines = answer.lines
    assert lines["success"] == "0", answer
    for word in words:
        assert word in lines["error"], answer
    assert int(lines["session_id"]) > 0
    assert len(lines["session_token"]) == 24
    assert answer.body.count(b"\n") == 4


def stored(database: Database) -> dict[str, int]:
    """How many rows each of the tables in use has."""

    def read(conn: sa.Connection) -> dict[str, int]:
        return {
            name: conn.scalar(sa.select(sa.func.count()).select_from(database.tables[name].table))
            or 0
            for name in everything()
        }

    return database.read(read)


# --- not a request at all ------------------------------------------------------------------------


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


# --- who may do what -----------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["no_such_operation", "Register", "register_patient", ""])
def test_unknown_operation(quick_device: WsgiTablet, operation: str) -> None:
    refused(quick_device.answer(operation))


def test_wrong_user_password_or_none_are_told_the_same(quick_device: WsgiTablet) -> None:
    answers = []
    for change in ({"user": "nobody"}, {"password": "wrong"}, {"user": ""}, {"password": ""}):
        form = {**quick_device.form("get_id_info"), **change}
        answers.append(send(quick_device.application, encoded(form)))
    for answer in answers:
        refused(answer, "Invalid username/password")
    assert len({answer.lines["error"] for answer in answers}) == 1


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


# --- fields of upload operations -----------------------------------------------------------------

UPLOAD_TABLE = {
    "table": "phq9",
    "pkname": "id",
    "fields": "id,_move_off_tablet,when_last_modified,when_created,patient_id,q1",
    "nrecords": "1",
    "record0": f"1,0,{WHEN},{WHEN},1,3",
}


def with_value(column: str, literal: str) -> dict[str, str]:
    """An upload of a record with this literal in this column."""
    return {
        **UPLOAD_TABLE,
        "fields": f"{UPLOAD_TABLE['fields']},{column}",
        "record0": f"{UPLOAD_TABLE['record0']},{literal}",
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"table": ""}, ["table"]),
        ({"table": "nonesuch"}, ["nonesuch"]),
        ({"table": "_security_users"}, ["_security_users"]),
        ({"table": "PHQ9"}, ["PHQ9"]),
        ({"pkname": ""}, ["pkname"]),
        ({"pkname": "_pk"}, ["_pk", "phq9"]),
        ({"pkname": "q1"}, ["q1", "phq9"]),
        ({"fields": ""}, ["fields"]),
        ({"fields": UPLOAD_TABLE["fields"].replace("q1", "q99")}, ["q99", "phq9"]),
        ({"fields": UPLOAD_TABLE["fields"].replace("q1", "Q1")}, ["Q1", "phq9"]),
        ({"fields": UPLOAD_TABLE["fields"].replace("q1", "_pk")}, ["_pk", "only the server"]),
        ({"fields": UPLOAD_TABLE["fields"].replace("q1", "_era")}, ["_era", "only the server"]),
        ({"fields": UPLOAD_TABLE["fields"].replace("q1", "id")}, ["id", "twice"]),
        ({"nrecords": ""}, ["nrecords"]),
        ({"nrecords": "one"}, ["nrecords"]),
        ({"nrecords": "-1"}, ["nrecords"]),
        ({"nrecords": "2"}, ["record1"]),
        ({"record0": f"1,0,{WHEN},{WHEN},1"}, ["record 0", "5", "6"]),
        ({"record0": f"1,0,{WHEN},{WHEN},1,3,4"}, ["record 0", "7", "6"]),
        ({"record0": f"1,0,{WHEN},'never closed,1,3"}, ["record 0", "4", "6"]),
        ({"record0": f"NULL,0,{WHEN},{WHEN},1,3"}, ["record 0", "id"]),
        ({"record0": f"'x',0,{WHEN},{WHEN},1,3"}, ["record 0", "id"]),
        ({"record0": f"1.5,0,{WHEN},{WHEN},1,3"}, ["record 0", "id"]),
        ({"record0": f"1,2,{WHEN},{WHEN},1,3"}, ["record 0", "_move_off_tablet"]),
        ({"record0": f"1,0,'yesterday',{WHEN},1,3"}, ["record 0", "when_last_modified"]),
        ({"record0": f"1,0,{WHEN},NULL,1,3"}, ["record 0", "when_created"]),
        ({"record0": f"1,0,{WHEN},{WHEN},NULL,3"}, ["record 0", "patient_id"]),
        ({"record0": f"1,0,{WHEN},{WHEN},1,'much'"}, ["record 0", "q1"]),
        ({"record0": f"1,0,{WHEN},{WHEN},1,2147483648"}, ["record 0", "q1", "32 bits"]),
        ({"record0": f"1,0,{WHEN},{WHEN},1,{10**30}"}, ["record 0", "q1"]),
        ({"record0": f"1,0,{WHEN},{WHEN},1,64'QUJD'"}, ["record 0", "q1"]),
        (
            {"nrecords": "2", "record1": UPLOAD_TABLE["record0"]},
            ["record 1", "key 1", "twice"],
        ),
        ({"fields": "id,when_last_modified,q1", "record0": f"1,{WHEN},3"}, ["_move_off_tablet"]),
        ({"fields": "id,_move_off_tablet,q1", "record0": "1,0,3"}, ["when_last_modified"]),
        ({"fields": "_move_off_tablet,when_last_modified", "record0": f"0,{WHEN}"}, ["id"]),
        (with_value("editing_time_s", "'long'"), ["editing_time_s"]),
        (with_value("editing_time_s", "1e999"), ["editing_time_s"]),
        (with_value("editing_time_s", "1e39"), ["editing_time_s"]),
        (with_value("editing_time_s", "-inf"), ["editing_time_s"]),
        (with_value("firstexit_is_finish", "2"), ["firstexit_is_finish"]),
        (with_value("when_firstexit", "'2026-13-01T00:00:00+00:00'"), ["when_firstexit"]),
    ],
)
def test_upload_table(
    quick_device: WsgiTablet, sqlite_database: Database, change: dict[str, str], words: list[str]
) -> None:
    quick_device.call("start_upload")
    fields = {**UPLOAD_TABLE, **change}
    refused(quick_device.answer("upload_table", **fields), *words)
    assert stored(sqlite_database)["phq9"] == 0
    quick_device.call("upload_table", **UPLOAD_TABLE)


def test_surplus_records_are_ignored_and_answers_out_of_range_kept(
    quick_device: WsgiTablet, sqlite_database: Database
) -> None:
    quick_device.call("start_upload")
    surplus = {"record1": "rubbish", "something": "else"}
    out_of_range = {"record0": f"1,0,NULL,{WHEN},1,99"}
    quick_device.call("upload_table", **{**UPLOAD_TABLE, **surplus, **out_of_range})
    quick_device.call("end_upload")
    table = sqlite_database.tables["phq9"].table
    [row] = sqlite_database.read(lambda conn: conn.execute(sa.select(table)).all())
    assert (row.q1, row.when_last_modified, row._current) == (99, None, True)


@pytest.mark.parametrize("value", [b"a%00b", b"%ff%fe", b"%ed%a0%80"])
def test_bytes_that_are_no_text(quick_device: WsgiTablet, value: bytes) -> None:
    body = encoded(quick_device.form("register", devicefriendlyname="MARK"))
    refused(send(quick_device.application, body.replace(b"MARK", value)), "devicefriendlyname")


@pytest.mark.parametrize("version", ["2.4.14", "2.4.15"])
def test_tables_that_need_a_newer_tablet(quick_device: WsgiTablet, version: str) -> None:
    quick_device.call("start_upload")
    quick_device.version = version
    answer = quick_device.answer("upload_empty_tables", tables="phq9, chit")
    if version == "2.4.15":
        assert answer.lines["result"] == "UPLOAD-EMPTY-TABLES"
    else:
        refused(answer, "chit", "2.4.15")


@pytest.mark.parametrize(
    ("operation", "fields", "words"),
    [
        ("upload_empty_tables", {}, ["tables"]),
        ("upload_empty_tables", {"tables": "phq9,,gad7"}, ["tables"]),
        ("upload_empty_tables", {"tables": "phq9,nonesuch"}, ["nonesuch"]),
        ("delete_where_key_not", {"table": "blobs", "pkname": "id"}, ["pkvalues"]),
        (
            "delete_where_key_not",
            {"table": "blobs", "pkname": "id", "pkvalues": "1,x"},
            ["pkvalues"],
        ),
        (
            "delete_where_key_not",
            {"table": "blobs", "pkname": "id", "pkvalues": "1,2,1"},
            ["pkvalues", "twice"],
        ),
        (
            "which_keys_to_send",
            {
                "table": "blobs",
                "pkname": "id",
                "pkvalues": "1,2",
                "datevalues": "2026-05-01T10:00:00Z",
                "move_off_tablet_values": "0,0",
            },
            ["length"],
        ),
        (
            "which_keys_to_send",
            {
                "table": "blobs",
                "pkname": "id",
                "pkvalues": "1",
                "datevalues": "NULL",
                "move_off_tablet_values": "0",
            },
            ["datevalues"],
        ),
        (
            "which_keys_to_send",
            {
                "table": "blobs",
                "pkname": "id",
                "pkvalues": "1.0",
                "datevalues": "2026-05-01T10:00:00Z",
                "move_off_tablet_values": "0",
            },
            ["pkvalues"],
        ),
    ],
)
def test_other_operations(
    quick_device: WsgiTablet, operation: str, fields: dict[str, str], words: list[str]
) -> None:
    quick_device.call("start_upload")
    refused(quick_device.answer(operation, **fields), *words)


def test_no_keys_at_all(quick_device: WsgiTablet, sqlite_database: Database) -> None:
    quick_device.upload(everything(), finish=False, one_step=True)
    quick_device.call("start_upload")
    quick_device.call("which_keys_to_send", table="blobs", pkname="id")
    quick_device.call("end_upload")
    blobs = sqlite_database.tables["blobs"].table
    [row] = sqlite_database.read(lambda conn: conn.execute(sa.select(blobs)).all())
    assert (row._current, row._successor_pk) == (False, None)


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("start_preservation", {}),
        ("upload_empty_tables", {"tables": "phq9"}),
        ("upload_table", UPLOAD_TABLE),
        ("delete_where_key_not", {"table": "blobs", "pkname": "id", "pkvalues": "1"}),
    ],
)
def test_without_a_batch_of_ones_own(
    quick_device: WsgiTablet, operation: str, fields: dict[str, str]
) -> None:
    refused(quick_device.answer(operation, **fields), "No upload is in progress")
    assert quick_device.call("end_upload")["result"] == "end_upload"
    other = tablet(quick_device.application, "device-1", "uploader", "uploader-pw-1")
    other.call("start_upload")
    refused(quick_device.answer(operation, **fields), "No upload is in progress")
    refused(quick_device.answer("end_upload"), "No upload is in progress")
    assert other.call(operation, **fields)["success"] == "1"


# --- the one-step form ---------------------------------------------------------------------------

CELLS = {
    "id": "1",
    "_move_off_tablet": "0",
    "when_last_modified": WHEN,
    "when_created": WHEN,
    "patient_id": "1",
    "q1": "3",
}


def entire(data: Any, keys: Any = None, finalizing: str = "0") -> dict[str, str]:
    if keys is None:
        keys = dict.fromkeys(data, "id") if isinstance(data, dict) else {}
    return {"finalizing": finalizing, "dbdata": json.dumps(data), "pknameinfo": json.dumps(keys)}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({**entire({}), "finalizing": ""}, ["finalizing"]),
        ({**entire({}), "finalizing": "yes"}, ["finalizing"]),
        ({**entire({}), "dbdata": ""}, ["dbdata"]),
        ({**entire({}), "dbdata": "{"}, ["dbdata"]),
        ({**entire({}), "dbdata": '{"phq9": [], "phq9": []}'}, ["dbdata", "twice"]),
        ({**entire({}), "dbdata": "[" * 100_000}, ["dbdata"]),
        ({**entire({}), "dbdata": '{"phq9": ' + "9" * 5000 + "}"}, ["dbdata"]),
        ({**entire({}), "pknameinfo": "NaN"}, ["pknameinfo"]),
        (entire([]), ["dbdata", "object"]),
        (entire({}, keys=[]), ["pknameinfo", "object"]),
        (entire({"phq9": []}, keys={}), ["phq9"]),
        (entire({}, keys={"phq9": "id"}), ["phq9"]),
        (entire({"phq9": [CELLS]}, keys={"phq9": ""}), ["phq9"]),
        (entire({"phq9": [CELLS]}, keys={"phq9": "q1"}), ["phq9", "q1"]),
        (entire({"phq9": [CELLS]}, keys={"phq9": 1}), ["phq9"]),
        (entire({"nonesuch": [CELLS]}), ["nonesuch"]),
        (entire({"_security_users": [CELLS]}), ["_security_users"]),
        (entire({"phq9": {"id": "1"}}), ["phq9"]),
        (entire({"phq9": "text"}), ["phq9"]),
        (entire({"phq9": [[1]]}), ["phq9", "record 0"]),
        (entire({"phq9": [{**CELLS, "q1": 3}]}), ["phq9", "record 0"]),
        (entire({"phq9": [{**CELLS, "q1": None}]}), ["phq9", "record 0"]),
        (entire({"phq9": [{**CELLS, "_pk": "1"}]}), ["_pk", "only the server"]),
        (entire({"phq9": [CELLS, CELLS]}), ["record 1", "twice"]),
        (entire({"phq9": [{**CELLS, "q1": "'\\ud800'"}]}), ["q1"]),
        (
            entire(
                {
                    "patient_idnum": [
                        {
                            "id": "1",
                            "_move_off_tablet": "0",
                            "when_last_modified": WHEN,
                            "patient_id": "1",
                            "which_idnum": "77",
                            "idnum_value": "5",
                        }
                    ],
                    "phq9": [CELLS],
                }
            ),
            ["77", "5"],
        ),
    ],
)
def test_upload_entire_database(
    quick_device: WsgiTablet, sqlite_database: Database, fields: dict[str, str], words: list[str]
) -> None:
    quick_device.upload(everything(), finish=False, one_step=True)
    before = stored(sqlite_database)
    refused(quick_device.answer("upload_entire_database", **fields), *words)
    assert stored(sqlite_database) == before
    quick_device.upload(everything(), finish=False, one_step=True)
    assert stored(sqlite_database) == before


def test_unknown_empty_tables_are_ignored(quick_device: WsgiTablet) -> None:
    fields = entire({"phq9": [CELLS], "of_a_newer_tablet": [], "another": ""})
    assert quick_device.call("upload_entire_database", **fields)["result"] == "Success"


def test_an_invalid_id_number_undoes_the_whole_upload(
    device: WsgiTablet, database: Database
) -> None:
    data = everything()
    data["patient_idnum"][0] = {**data["patient_idnum"][0], "which_idnum": 1}
    cells = {"dbdata": json.dumps({}), "pknameinfo": json.dumps({}), "finalizing": "0"}
    refused(
        device.answer("upload_entire_database", **{**cells, **_literal(data)}), "1001", "NHS number"
    )
    assert set(stored(database).values()) == {0}


def _literal(data: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    from camcops.tablet_api.literals import encode

    tables = {
        name: [{column: encode(value) for column, value in row.items()} for row in rows]
        for name, rows in data.items()
    }
    return {"dbdata": json.dumps(tables), "pknameinfo": json.dumps(dict.fromkeys(tables, "id"))}


def test_text_of_every_kind_comes_back(device: WsgiTablet, database: Database) -> None:
    text = "a,b'c''d\\e:f;g&h=i+j%k\nl\rm \"n\" é 中 😀 NULL 64'QUJD' X'41'"
    data = everything()
    data["patient"][0] = {**data["patient"][0], "other": text, "gp": "NULL", "address": ""}
    for one_step in (True, False):
        data["patient"][0]["when_last_modified"] = f"2026-07-0{1 + one_step}T00:00:00.000+00:00"
        device.upload(data, finish=False, one_step=one_step)
        table = database.tables["patient"].table
        query = sa.select(table).where(table.c._current, table.c._device_id != 1)
        [row] = database.read(lambda conn, query=query: conn.execute(query).all())
        assert (row.other, row.gp, row.address) == (text, "NULL", "")


# --- size, faults of our own ---------------------------------------------------------------------


def test_a_body_above_the_limit(quick_application: WSGIApplication) -> None:
    quick_application.registry.settings["tablet_api.largest_body"] = 1_000_000  # type: ignore[attr-defined]
    made = tablet(quick_application)
    made.call("register")
    large = made.answer("upload_entire_database", **entire({}), filler="x" * 1_200_000)
    refused(large, "larger than this server accepts", "1 MB")
    huge = made.form("upload_entire_database", filler="x" * 4_100_000)
    assert send(quick_application, encoded(huge)).status == 413
    cut = encoded(made.form("get_id_info"))
    assert send(quick_application, cut, length=len(cut) + 10).status == 400


def test_a_fault_of_the_server_has_a_reference_and_no_details(
    quick_device: WsgiTablet, sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    sqlite_database.write(lambda conn: conn.execute(sa.text("DROP TABLE phq9")))
    answer = quick_device.answer(
        "upload_entire_database", **_literal({"phq9": [phq9(q1=3)]}), finalizing="0"
    )
    refused(answer, "unexpected problem", "reference")
    reference = answer.lines["error"].split("reference: ")[1].rstrip(".")
    assert reference in caplog.text
    assert "phq9" not in answer.lines["error"]
    assert "INSERT INTO" not in caplog.text


def test_a_database_out_of_reach(
    quick_device: WsgiTablet, sqlite_database: Database, tmp_path: Any
) -> None:
    sqlite_database.engine.dispose()
    (tmp_path / "camcops.sqlite").unlink()
    (tmp_path / "camcops.sqlite").mkdir()
    assert quick_device.answer("get_id_info").status == 503


def test_friendly_names_are_limited_and_devices_refreshed(
    quick_device: WsgiTablet, sqlite_database: Database
) -> None:
    refused(quick_device.answer("register", devicefriendlyname="x" * 1001), "1000")
    quick_device.call("register", devicefriendlyname="Ward 3 — café")
    query = sa.select(devices).where(devices.c.name == "device-1")
    [row] = sqlite_database.read(lambda conn: conn.execute(query).all())
    assert (row.friendly_name, row.camcops_version) == ("Ward 3 — café", "2.4.24")


@pytest.mark.parametrize(
    ("table", "fields", "record"),
    [
        ("patient", "id,_move_off_tablet,when_last_modified,forename", f"1,0,{WHEN},'{'x' * 256}'"),
        ("patient", "id,_move_off_tablet,when_last_modified,sex", f"1,0,{WHEN},'FF'"),
        ("patient", "id,_move_off_tablet,when_last_modified,dob", f"1,0,{WHEN},'1980-02-30'"),
        ("patient", "id,_move_off_tablet,when_last_modified,uuid", f"1,0,{WHEN},'{'a' * 32}'"),
        (
            "patient_idnum",
            "id,_move_off_tablet,when_last_modified,patient_id,which_idnum,idnum_value",
            f"1,0,{WHEN},1,2,9223372036854775808",
        ),
        (
            "blobs",
            "id,_move_off_tablet,when_last_modified,tablename,tablepk,fieldname,theblob",
            f"1,0,{WHEN},'photo',1,'photo_blobid',64'not base64'",
        ),
        (
            "blobs",
            "id,_move_off_tablet,when_last_modified,tablename,tablepk,fieldname,theblob",
            f"1,0,{WHEN},'photo',NULL,'photo_blobid',64''",
        ),
    ],
)
def test_values_that_no_database_must_see(
    device: WsgiTablet, table: str, fields: str, record: str
) -> None:
    device.call("start_upload")
    answer = device.answer("upload_record", table=table, pkname="id", fields=fields, values=record)
    refused(answer, table, fields.split(",")[-1] if "NULL" not in record else "tablepk")


@pytest.mark.parametrize(
    ("table", "fields", "record"),
    [
        ("patient", "id,_move_off_tablet,when_last_modified,forename", f"1,0,{WHEN},'{'é' * 255}'"),
        ("patient", "id,_move_off_tablet,when_last_modified,gp", f"1,0,{WHEN},'{'x' * 65535}'"),
        ("patient", "id,_move_off_tablet,when_last_modified,dob", f"1,NULL,{WHEN},'1880-02-29'"),
        (
            "patient_idnum",
            "id,_move_off_tablet,when_last_modified,patient_id,which_idnum,idnum_value",
            f"-2147483648,1,{WHEN},2147483647,2,9223372036854775807",
        ),
        (
            "phq9",
            UPLOAD_TABLE["fields"] + ",editing_time_s",
            UPLOAD_TABLE["record0"] + ",3.3e+38",
        ),
    ],
)
def test_values_at_the_edge_fit_every_database(
    device: WsgiTablet, table: str, fields: str, record: str
) -> None:
    device.call("start_upload")
    device.call("upload_record", table=table, pkname="id", fields=fields, values=record)
    device.call("end_upload")
