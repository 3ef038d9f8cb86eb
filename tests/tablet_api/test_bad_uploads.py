# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads in many requests with something wrong in them: the reason, and nothing changed."""

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import groups
from tests.tablet import WsgiTablet, tablet
from tests.tablet_api.contents import everything
from tests.tablet_api.refusals import UPLOAD_TABLE, WHEN, refused, stored


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
    device: WsgiTablet, database: Database, table: str, fields: str, record: str
) -> None:
    anybody = groups.update().values(upload_policy="sex OR NOT sex")
    database.write(lambda conn: conn.execute(anybody))
    device.call("start_upload")
    device.call("upload_record", table=table, pkname="id", fields=fields, values=record)
    device.call("end_upload")
