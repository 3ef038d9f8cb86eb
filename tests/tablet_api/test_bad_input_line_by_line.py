# SPDX-License-Identifier: GPL-3.0-or-later
"""Each line of the protocol's table of bad input, over HTTP: the right answer, and nothing changed.

What only a whole scenario can show stands below the table: sessions, batches, permissions, faults.
"""

import datetime as dt
import json
import operator
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import devices, memberships, sessions, users
from tests.initial_states import make_tablet_state
from tests.tablet import Answer, WsgiTablet, encoded, send, tablet
from tests.tablet_api.contents import everything
from tests.tablet_api.refusals import NOT_A_REQUEST, UPLOAD_TABLE, WHEN, entire, refused

FAIL = 200
ROW = {"id": "1", "_move_off_tablet": "0", "when_last_modified": WHEN, "when_created": WHEN}
TASK = {**ROW, "patient_id": "1", "q1": "3"}
NUMBER_FIELDS = "id,_move_off_tablet,when_last_modified,patient_id,which_idnum,idnum_value"
BLOB_FIELDS = "id,_move_off_tablet,when_last_modified,tablename,tablepk,fieldname,theblob"
BLOB = "1,0," + WHEN + ",'photo',1,'photo_blobid',"


@dataclass(frozen=True)
class Case:
    """A line of the table, a request for it, its status, and words of the reason if it is a failure."""

    line: str
    operation: str
    fields: dict[str, str]
    status: int = FAIL
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.line}: {self.operation}"


def table(line: str, *words: str, **change: str) -> Case:
    return Case(line, "upload_table", {**UPLOAD_TABLE, **change}, words=words)


def keys(line: str, *words: str, **change: str) -> Case:
    fields = {
        "table": "blobs",
        "pkname": "id",
        "pkvalues": "1",
        "datevalues": "2026-05-01T10:00:00Z",
        "move_off_tablet_values": "0",
    }
    return Case(line, "which_keys_to_send", {**fields, **change}, words=words)


def whole(line: str, *words: str, **fields: str) -> Case:
    return Case(line, "upload_entire_database", fields, words=words)


def patients(line: str, told: Any, *words: str) -> Case:
    return Case(line, "validate_patients", {"patient_info": json.dumps(told)}, words=words)


CASES = [
    Case("no usable version", "get_id_info", {"camcops_version": ""}, 400),
    Case("version unparseable", "get_id_info", {"camcops_version": "abc"}, 400),
    Case("version unparseable", "get_id_info", {"camcops_version": "1.2.3.4"}, 400),
    Case("version too old", "get_id_info", {"camcops_version": "1.5"}, words=("2.3.0",)),
    Case("device illegal", "get_id_info", {"device": "two words"}, 400),
    Case("device too long", "get_id_info", {"device": "d" * 192}, 400),
    Case("device reserved", "get_id_info", {"device": "server"}, 400),
    Case("user illegal", "get_id_info", {"user": "o'brien"}, 400),
    Case("user reserved", "get_id_info", {"user": "system"}, 400),
    Case("operation missing", "", {}, words=("operation",)),
    Case("operation unknown", "fly", {}, words=("fly",)),
    Case("operation in wrong case", "Get_Id_Info", {}, words=("Get_Id_Info",)),
    Case("user unknown", "get_id_info", {"user": "nobody"}, words=("Invalid username/password",)),
    Case("password wrong", "get_id_info", {"password": "x"}, words=("Invalid username/password",)),
    Case("user missing", "get_id_info", {"user": ""}, words=("Invalid username/password",)),
    Case("device unregistered", "get_id_info", {"device": "new"}, words=("Unregistered",)),
    table("required field missing", "table", table=""),
    table("required field missing", "fields", fields=""),
    Case("required field missing", "upload_empty_tables", {}, words=("tables",)),
    Case("required field missing", "validate_patients", {}, words=("patient_info",)),
    Case("required field missing", "register_patient", {}, words=("patient_proquint",)),
    table("table unknown", "nonesuch", table="nonesuch"),
    table("table of the server", "_security_users", table="_security_users"),
    Case(
        "table needs a newer tablet",
        "upload_empty_tables",
        {"tables": "chit", "camcops_version": "2.4.14"},
        words=("chit", "2.4.15"),
    ),
    table("field unknown", "q99", "phq9", fields=UPLOAD_TABLE["fields"].replace("q1", "q99")),
    table("field reserved", "_pk", "phq9", fields=UPLOAD_TABLE["fields"].replace("q1", "_pk")),
    table("field in other case", "Q1", fields=UPLOAD_TABLE["fields"].replace("q1", "Q1")),
    table("field named twice", "id", fields=UPLOAD_TABLE["fields"].replace("q1", "id")),
    table("pkname not id", "q1", pkname="q1"),
    table("pkname no column", "key", pkname="key"),
    table("nrecords not an integer", "nrecords", nrecords="1.5"),
    table("nrecords negative", "nrecords", nrecords="-1"),
    table("record missing", "record1", nrecords="2"),
    table("number of values", "record 0", "5", "6", record0=f"1,0,{WHEN},{WHEN},1"),
    table("lacks its key", "id", fields="_move_off_tablet,when_last_modified", record0=f"0,{WHEN}"),
    table("lacks its time", "when_last_modified", fields="id,_move_off_tablet", record0="1,0"),
    table(
        "lacks its flag", "_move_off_tablet", fields="id,when_last_modified", record0=f"1,{WHEN}"
    ),
    table("key null", "id", record0=f"NULL,0,{WHEN},{WHEN},1,3"),
    table("key not an integer", "id", record0=f"'a',0,{WHEN},{WHEN},1,3"),
    table("key twice", "twice", nrecords="2", record1=UPLOAD_TABLE["record0"]),
    table("text in an integer", "q1", "record 0", record0=f"1,0,{WHEN},{WHEN},1,'much'"),
    table("out of range", "q1", record0=f"1,0,{WHEN},{WHEN},1,{2**64}"),
    table("bad date-time", "when_created", record0=f"1,0,{WHEN},'yesterday',1,3"),
    table("null not allowed", "patient_id", record0=f"1,0,{WHEN},{WHEN},NULL,3"),
    table(
        "too long",
        "forename",
        "255",
        table="patient",
        fields="id,_move_off_tablet,when_last_modified,forename",
        record0=f"1,0,{WHEN},'{'x' * 256}'",
    ),
    table(
        "bad date",
        "dob",
        table="patient",
        fields="id,_move_off_tablet,when_last_modified,dob",
        record0=f"1,0,{WHEN},'1980-02-30'",
    ),
    table(
        "malformed base64",
        "theblob",
        table="blobs",
        fields=BLOB_FIELDS,
        record0=f"{BLOB}64'not base64'",
    ),
    table("malformed hex", "theblob", table="blobs", fields=BLOB_FIELDS, record0=f"{BLOB}X'4D5'"),
    table("unterminated quote", "record 0", "4", "6", record0=f"1,0,{WHEN},'open,1,3"),
    table("NUL characters", "record0", record0=f"1,0,{WHEN},{WHEN},1,'\0'"),
    whole(
        "unpaired surrogate",
        "q1",
        **entire({"phq9": [{**TASK, "q1": "'\ud800'"}]}),
    ),
    keys("lists of different lengths", "length", pkvalues="1,2"),
    keys("key not an integer", "pkvalues", pkvalues="x"),
    keys("date null", "datevalues", datevalues="NULL"),
    keys("date unreadable", "datevalues", datevalues="soon"),
    Case(
        "pkvalues empty",
        "delete_where_key_not",
        {"table": "blobs", "pkname": "id", "pkvalues": ""},
        words=("pkvalues",),
    ),
    whole("JSON malformed", "dbdata", finalizing="0", pknameinfo="{}", dbdata="{"),
    whole("top level of the wrong kind", "dbdata", **entire([])),
    whole("duplicate keys", "dbdata", **{**entire({}), "dbdata": '{"a": [], "a": []}'}),
    whole("nesting too deep", "dbdata", **{**entire({}), "dbdata": "[" * 100_000}),
    whole("huge numbers", "dbdata", **{**entire({}), "dbdata": '{"a": ' + "9" * 5000 + "}"}),
    whole("finalizing not an integer", "finalizing", **entire({}, finalizing="yes")),
    whole("table sets differ", "phq9", **entire({"phq9": []}, keys={})),
    whole("key name missing", "phq9", **entire({"phq9": [TASK]}, keys={"phq9": ""})),
    whole("unknown table with rows", "nonesuch", **entire({"nonesuch": [TASK]})),
    whole("table neither array nor empty", "phq9", **entire({"phq9": "text"})),
    whole("row not an object", "phq9", "record 0", **entire({"phq9": [[1]]})),
    whole("cell not a string", "phq9", "record 0", **entire({"phq9": [{**TASK, "q1": 3}]})),
    patients("patient JSON wrong", {}, "array"),
    patients("patient JSON wrong", [{"sex": "Q", "finalizing": False}], "sex"),
    patients("patient breaks the policy", [{"sex": "F", "finalizing": True}], "finalize policy"),
    table(
        "ID number type undefined",
        "77",
        table="patient_idnum",
        fields=NUMBER_FIELDS,
        record0=f"1,0,{WHEN},1,77,5",
    ),
    table(
        "ID number invalid",
        "123",
        table="patient_idnum",
        fields=NUMBER_FIELDS,
        record0=f"1,0,{WHEN},1,1,123",
    ),
    Case(
        "patient key malformed",
        "register_patient",
        {"patient_proquint": "nonsense", "user": "", "password": ""},
        words=("nonsense",),
    ),
    Case(
        "patient key unknown",
        "register_patient",
        {
            "patient_proquint": "gusop-nubah-losiv-hujij-munob-dolaf-pizub-razim-v",
            "user": "",
            "password": "",
        },
        words=("gusop",),
    ),
]


def contents(database: Database) -> dict[str, list[Any]]:
    """All rows of the tables in use, and the devices."""

    def read(conn: sa.Connection) -> dict[str, list[Any]]:
        held = {
            name: list(conn.execute(sa.select(database.tables[name].table)))
            for name in everything()
        }
        return {**held, "devices": list(conn.execute(sa.select(devices)))}

    return database.read(read)


@pytest.fixture
def uploading(quick_device: WsgiTablet) -> WsgiTablet:
    """A tablet with records on the server and an upload in progress."""
    quick_device.upload(everything(), finish=False, one_step=True)
    quick_device.call("start_upload")
    quick_device.session = {}
    return quick_device


def complaint(answer: Answer, case: Case) -> str | None:
    """What is wrong with the answer; None if nothing."""
    if answer.status != case.status:
        return f"status {answer.status}"
    if case.status == 400:
        return None if answer.body == NOT_A_REQUEST else repr(answer.body)
    lines = answer.lines
    if lines.get("success") != "0" or not lines.get("session_id") or not lines.get("session_token"):
        return repr(answer.body)
    lacking = [word for word in case.words if word not in lines["error"]]
    return f"{lines['error']!r} lacks {lacking}" if lacking else None


def test_each_line_of_the_table(uploading: WsgiTablet, sqlite_database: Database) -> None:
    before = contents(sqlite_database)
    complaints = []
    for case in CASES:
        form = {**uploading.form(case.operation), **case.fields}
        wrong = complaint(send(uploading.application, encoded(form)), case)
        if contents(sqlite_database) != before:
            wrong = "something was changed"
        if wrong:
            complaints.append(f"{case}: {wrong}")
    assert complaints == []
    uploading.upload(everything(), finish=True, one_step=False)


def test_no_form_data(quick_device: WsgiTablet) -> None:
    body = encoded(quick_device.form("get_id_info"))
    for content_type in ("text/plain", "application/json", "multipart/form-data; boundary=x"):
        answer = send(quick_device.application, body, content_type=content_type)
        assert (answer.status, answer.body) == (400, NOT_A_REQUEST)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods(quick_application: WSGIApplication, method: str) -> None:
    assert send(quick_application, b"", method=method).status == 405


def test_user_unknown_password_wrong_or_user_missing_get_the_same_text(
    quick_device: WsgiTablet,
) -> None:
    told = set()
    for change in ({"user": "nobody"}, {"password": "wrong"}, {"user": ""}):
        form = {**quick_device.form("get_id_info"), **change}
        told.add(send(quick_device.application, encoded(form)).lines["error"])
    assert len(told) == 1


def test_no_group_no_permission_and_no_device_get_texts_of_their_own(
    quick_device: WsgiTablet, sqlite_database: Database
) -> None:
    told = [quick_device.answer("get_id_info", device="new").lines["error"]]
    for statement in (
        memberships.update().values(may_upload=False),
        users.update().values(upload_group_id=None),
    ):
        sqlite_database.write(operator.methodcaller("execute", statement))
        quick_device.session = {}
        told.append(quick_device.answer("get_id_info").lines["error"])
    assert len(set(told)) == 3


@pytest.mark.parametrize(
    "change",
    [{"session_id": "x"}, {"session_id": "999999"}, {"session_token": "wrong"}, {"session_id": ""}],
)
def test_a_session_that_is_none_means_log_in_by_password(
    quick_device: WsgiTablet, change: dict[str, str]
) -> None:
    first = quick_device.call("get_id_info")["session_id"]
    form = {**quick_device.form("get_id_info"), **change}
    assert send(quick_device.application, encoded(form)).lines["success"] == "1"
    answer = send(quick_device.application, encoded({**form, "password": "wrong"}))
    refused(answer, "Invalid username/password")
    assert answer.lines["session_id"] != first


def test_a_session_expired_or_from_another_address_likewise(
    quick_device: WsgiTablet, sqlite_database: Database
) -> None:
    quick_device.call("get_id_info")
    body = encoded({**quick_device.form("get_id_info"), "password": "wrong"})
    assert send(quick_device.application, body).lines["success"] == "1"
    refused(send(quick_device.application, body, remote_addr="192.0.2.99"), "Invalid")
    old = dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(minutes=31)
    ageing = sessions.update().values(last_activity_utc=old)
    sqlite_database.write(lambda conn: conn.execute(ageing))
    refused(send(quick_device.application, body), "Invalid username/password")


def test_another_users_session_is_ended(quick_device: WsgiTablet) -> None:
    first = quick_device.call("get_id_info")["session_id"]
    form = quick_device.form("get_id_info", user="uploader", password="uploader-pw-1")
    theirs = send(quick_device.application, encoded(form)).lines
    assert theirs["success"] == "1"
    assert theirs["session_id"] != first
    refused(quick_device.answer("get_id_info", password="wrong"), "Invalid")


def test_surplus_records_no_time_and_answers_out_of_range_are_accepted(
    quick_device: WsgiTablet, sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    quick_device.call("start_upload")
    for _ in range(2):
        record = {"record0": f"1,0,NULL,{WHEN},1,99", "record1": "rubbish"}
        quick_device.call("upload_table", **{**UPLOAD_TABLE, **record})
    quick_device.call("end_upload")
    assert "more records were sent than nrecords says" in caplog.text
    [row] = contents(sqlite_database)["phq9"]
    assert (row.q1, row.when_last_modified, row._current) == (99, None, True)


def test_no_keys_at_all_mean_that_all_rows_are_to_go(
    quick_device: WsgiTablet, sqlite_database: Database
) -> None:
    quick_device.upload(everything(), finish=False, one_step=True)
    quick_device.call("start_upload")
    assert quick_device.call("which_keys_to_send", table="blobs", pkname="id")["result"] == ""
    quick_device.call("end_upload")
    assert [row._current for row in contents(sqlite_database)["blobs"]] == [False]


def test_no_batch_or_that_of_another_user(quick_device: WsgiTablet) -> None:
    refused(quick_device.answer("upload_table", **UPLOAD_TABLE), "No upload is in progress")
    assert quick_device.call("end_upload")["result"] == "end_upload"
    other = tablet(quick_device.application, "device-1", "uploader", "uploader-pw-1")
    other.call("start_upload")
    refused(quick_device.answer("upload_table", **UPLOAD_TABLE), "No upload is in progress")
    refused(quick_device.answer("end_upload"), "No upload is in progress")


def test_beginning_anew_undoes_what_was_begun(
    quick_device: WsgiTablet, sqlite_database: Database
) -> None:
    quick_device.upload(everything(), finish=False, one_step=True)
    before = contents(sqlite_database)["phq9"]
    quick_device.call("start_upload")
    quick_device.call("upload_empty_tables", tables="phq9")
    assert contents(sqlite_database)["phq9"] != before
    quick_device.call("start_upload")
    assert contents(sqlite_database)["phq9"] == before


def test_an_unknown_table_without_rows_is_ignored(quick_device: WsgiTablet) -> None:
    fields = entire({"phq9": [TASK], "of_a_newer_tablet": [], "another": ""})
    assert quick_device.call("upload_entire_database", **fields)["result"] == "Success"


def test_a_body_above_the_limit(
    sqlite_database: Database, make_application: Callable[..., WSGIApplication]
) -> None:
    make_tablet_state(sqlite_database)
    made = tablet(make_application(sqlite_database, MAX_UPLOAD_MB="1"))
    made.call("register")
    refused(made.answer("get_id_info", filler="x" * 1_200_000), "larger than this server", "1 MB")
    body = encoded(made.form("get_id_info", filler="x" * 4_100_000))
    assert send(made.application, body).status == 413
    cut = encoded(made.form("get_id_info"))
    assert send(made.application, cut, length=len(cut) + 10).status == 400


def test_an_unexpected_exception_gives_a_reference_and_nothing_else(
    quick_device: WsgiTablet, sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    sqlite_database.write(lambda conn: conn.execute(sa.text("DROP TABLE phq9")))
    answer = quick_device.answer("upload_entire_database", **entire({"phq9": [TASK]}))
    refused(answer, "unexpected problem")
    reference = answer.lines["error"].split("reference: ")[1].rstrip(".")
    assert reference in caplog.text
    assert "phq9" not in answer.lines["error"]
    assert "INSERT INTO" not in caplog.text


def test_a_database_that_is_unavailable(
    quick_device: WsgiTablet, sqlite_database: Database, tmp_path: Path
) -> None:
    sqlite_database.engine.dispose()
    (tmp_path / "camcops.sqlite").unlink()
    (tmp_path / "camcops.sqlite").mkdir()
    assert quick_device.answer("get_id_info").status == 503
