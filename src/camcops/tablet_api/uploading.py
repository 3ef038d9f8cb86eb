# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations that upload: what a tablet sends is read and checked, then staged or committed."""

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from camcops.db.client_tables import ClientTable
from camcops.db.instants import utc_now
from camcops.problems import FIELD_REQUIRED, FIELD_WRONG, RECORD_REFUSED, Problem
from camcops.records.lifecycle import batch_time, iso_text, parse_instant
from camcops.tablet_api import batches, binding, one_step, repeats, staging
from camcops.tablet_api.calls import Call, Work
from camcops.tablet_api.cells import Misfit
from camcops.tablet_api.incoming import IncomingTable, quoted, split_names
from camcops.tablet_api.json_fields import read_json
from camcops.tablet_api.literals import Value, decode_list, split_items
from camcops.tablet_api.repeats import BatchDigest, Contribution
from camcops.tablet_api.replies import Reply, result
from camcops.tablet_api.row_writing import Upload
from camcops.tablet_api.staging import SentKey

_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)

log = logging.getLogger(__name__)


def start_upload(call: Call) -> Work:
    def work(conn: sa.Connection) -> Reply:
        device = call.device(conn, lock=True)
        binding.check_beginning(conn, call.known_user, device)
        batches.begin(conn, call.site.database, device, call.known_user)
        return result("start_upload")

    return work


def start_preservation(call: Call) -> Work:
    def work(conn: sa.Connection) -> Reply:
        device = call.device(conn, lock=True)
        batches.require_batch(device, call.known_user)
        batches.begin_preserving(conn, device)
        return result("STARTPRESERVATION")

    return work


def upload_empty_tables(call: Call) -> Work:
    names = split_names(call.request.required("tables"), "tables")
    reader, version = call.endpoint.incoming, call.request.version
    tables = [reader.table(name, version) for name in dict.fromkeys(names)]

    def stage(upload: Upload) -> str:
        staging.stage_empty(upload, tables)
        return "UPLOAD-EMPTY-TABLES"

    return _in_batch(call, stage, repeats.of_empty(tables))


def upload_table(call: Call) -> Work:
    table, columns = _table_and_columns(call)
    number = _integer(call, "nrecords")
    if number < 0:
        raise Problem(FIELD_WRONG, field="nrecords", reason="below 0")
    if f"record{number}" in call.request.form:
        log.warning("Table %s: more records were sent than nrecords says", table.name)
    sent = (split_items(call.request.take(f"record{n}")) for n in range(number))
    rows = (_row(table, n, columns, values) for n, values in enumerate(sent))
    records = call.endpoint.incoming.records(table, rows)

    def stage(upload: Upload) -> str:
        binding.check_records(upload.conn, upload.user, table, records)
        staging.stage_table(upload, table, records)
        return f"Table {table.name} upload successful"

    return _in_batch(call, stage, repeats.of_table(table, records))


def upload_record(call: Call) -> Work:
    table, columns = _table_and_columns(call)
    row = _row(table, 0, columns, split_items(call.request.take("values")))
    records = call.endpoint.incoming.records(table, [row])
    [record] = records.values()

    def stage(upload: Upload) -> str:
        binding.check_records(upload.conn, upload.user, table, records)
        was_known = staging.stage_record(upload, table, record)
        return "UPLOAD-UPDATE" if was_known else "UPLOAD-INSERT"

    return _in_batch(call, stage, repeats.of_record(table, record))


def delete_where_key_not(call: Call) -> Work:
    table = _table(call)
    keys = _keys(call.request.required("pkvalues"))

    def stage(upload: Upload) -> str:
        staging.stage_absent(upload, table, keys)
        return "Trimmed"

    return _in_batch(call, stage, repeats.of_kept(table, keys))


def which_keys_to_send(call: Call) -> Work:
    table, form = _table(call), call.request.form
    keys = _keys(form.text("pkvalues") or "")
    dates = [_date(value) for value in decode_list(form.text("datevalues") or "")]
    flags = [_flag(value) for value in decode_list(form.text("move_off_tablet_values") or "")]
    if not len(keys) == len(dates) == len(flags):
        reason = "pkvalues, datevalues and move_off_tablet_values differ in length"
        raise Problem(FIELD_WRONG, field="pkvalues", reason=reason)
    sent = [SentKey(*one) for one in zip(keys, dates, flags, strict=True)]

    def stage(upload: Upload) -> str:
        return ",".join(map(str, staging.choose_keys(upload, table, sent)))

    return _in_batch(call, stage, repeats.of_keys(table, sent))


def end_upload(call: Call) -> Work:
    """Commit. Without any batch there is nothing to do: the reply to an earlier request was lost."""

    def work(conn: sa.Connection) -> Reply:
        device = call.device(conn, lock=True)
        if device.batch is not None:
            batch = batches.require_batch(device, call.known_user)
            digest = BatchDigest.parse(device.upload_digest).whole(finalizing=device.preserving)
            upload = call.upload(conn, device, batch, digest)
            if digest == device.finalized_digest:
                _skip_repeated(upload)
                return result("end_upload")
            staging.commit_batch(upload)
            binding.check_outcome(upload)
        return result("end_upload")

    return work


def upload_entire_database(call: Call) -> Work:
    finalizing = bool(_integer(call, "finalizing"))
    incoming = _entire_database(call)
    makes_era = one_step.makes_era(incoming, finalizing=finalizing)
    digest = repeats.of_everything(incoming, finalizing=finalizing) if makes_era else None

    def work(conn: sa.Connection) -> Reply:
        device = call.device(conn, lock=True)
        binding.check_beginning(conn, call.known_user, device)
        binding.check_all_records(conn, call.known_user, incoming)
        batch = batch_time(utc_now(), device.last_batch, makes_era=makes_era)
        upload = call.upload(conn, device, batch, digest)
        if digest is not None and digest == device.finalized_digest:
            _skip_repeated(upload)
            return result("Success")
        one_step.upload_everything(upload, incoming, finalizing=finalizing)
        binding.check_outcome(upload)
        return result("Success")

    return work


def _skip_repeated(upload: Upload) -> None:
    """The upload is that which was committed last: its reply was lost. The records are here already."""
    batches.abandon(upload.conn, upload.database, upload.device)
    upload.audit.record(
        upload.conn,
        source="tablet",
        remote_addr=upload.remote_addr,
        user_id=upload.user.id,
        device_id=upload.device.id,
        details=f"Upload from device {upload.device.id}, user {upload.user.username}: "
        "the same as the last one, which was finalized; nothing changed",
    )


def _in_batch(call: Call, stage: Callable[[Upload], str], more: Contribution) -> Work:
    """A unit of work within this user's upload in progress on this device; `more`: see `repeats`."""

    def work(conn: sa.Connection) -> Reply:
        device = call.device(conn, lock=True)
        batch = batches.require_batch(device, call.known_user)
        digest = BatchDigest.parse(device.upload_digest).plus(more)
        batches.note_digest(conn, device, str(digest))
        return result(stage(call.upload(conn, device, batch)))

    return work


def _entire_database(call: Call) -> dict[str, IncomingTable]:
    form = call.request.form
    key_names, data = read_json(form, "pknameinfo"), read_json(form, "dbdata")
    for name, value in (("pknameinfo", key_names), ("dbdata", data)):
        if not isinstance(value, dict):
            raise Problem(FIELD_WRONG, field=name, reason="a JSON object is needed")
    if different := key_names.keys() ^ data.keys():
        reason = f"table {quoted(min(different))} is not in both of pknameinfo and dbdata"
        raise Problem(FIELD_WRONG, field="pknameinfo", reason=reason)
    return {
        name: _whole_table(call, name, key_names[name], rows)
        for name, rows in data.items()
        if rows not in ([], "")
    }


def _whole_table(call: Call, name: str, key_name: Any, rows: Any) -> IncomingTable:
    reader = call.endpoint.incoming
    if not isinstance(rows, list):
        reason = f"table {quoted(name)} must be an array"
        raise Problem(FIELD_WRONG, field="dbdata", reason=reason)
    table = reader.table(name, call.request.version)
    if not isinstance(key_name, str):
        reason = f"the key name of table {quoted(name)} must be text"
        raise Problem(FIELD_WRONG, field="pknameinfo", reason=reason)
    reader.check_key_name(table, key_name)
    return IncomingTable(table, reader.records(table, _cells(call, table, rows)))


def _cells(call: Call, table: ClientTable, rows: list[Any]) -> Iterator[dict[str, str]]:
    """The rows, each column → literal."""
    checked: tuple[str, ...] = ()
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or not set(map(type, row.values())) <= {str}:
            reason = "it must be an object whose values are text"
            raise Problem(RECORD_REFUSED, table=table.name, record=number, reason=reason)
        columns = tuple(row)
        if columns != checked:
            call.endpoint.incoming.check_columns(table, columns)
            checked = columns
        yield row


def _table(call: Call) -> ClientTable:
    reader = call.endpoint.incoming
    table = reader.table(call.request.required("table"), call.request.version)
    reader.check_key_name(table, call.request.required("pkname"))
    return table


def _table_and_columns(call: Call) -> tuple[ClientTable, list[str]]:
    table = _table(call)
    columns = split_names(call.request.required("fields"), "fields")
    call.endpoint.incoming.check_columns(table, columns)
    return table, columns


def _row(table: ClientTable, number: int, columns: list[str], values: list[str]) -> dict[str, str]:
    if len(values) != len(columns):
        reason = f"it has {len(values)} values for {len(columns)} fields"
        raise Problem(RECORD_REFUSED, table=table.name, record=number, reason=reason)
    return dict(zip(columns, values, strict=True))


def _integer(call: Call, name: str) -> int:
    text = call.request.form.text(name)
    if text is None:
        raise Problem(FIELD_REQUIRED, field=name)
    if not _INTEGER.fullmatch(text.strip()):
        raise Problem(FIELD_WRONG, field=name, reason="a whole number is needed")
    return int(text)


def _keys(text: str) -> list[int]:
    keys: list[int] = []
    for value in decode_list(text):
        if not isinstance(value, int):
            raise Problem(FIELD_WRONG, field="pkvalues", reason="keys must be whole numbers")
        keys.append(value)
    if len(set(keys)) < len(keys):
        raise Problem(FIELD_WRONG, field="pkvalues", reason="a key stands twice")
    return keys


def _date(value: Value) -> str:
    try:
        if not isinstance(value, str):
            raise Misfit
        return iso_text(parse_instant(value))
    except (Misfit, ValueError):
        reason = "each must be a date and time"
        raise Problem(FIELD_WRONG, field="datevalues", reason=reason) from None


def _flag(value: Value) -> bool:
    if value not in (None, 0, 1):
        reason = "each must be 0 or 1"
        raise Problem(FIELD_WRONG, field="move_off_tablet_values", reason=reason)
    return bool(value)
