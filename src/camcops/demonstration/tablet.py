# SPDX-License-Identifier: GPL-3.0-or-later
"""A tablet's side of the upload protocol, over HTTP."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from camcops import TABLET_COMPATIBLE_VERSION
from camcops.tablet_api.literals import Value, encode, encode_list

Row = Mapping[str, Value]
Tables = Mapping[str, Sequence[Row]]
PATIENCE_S = 120


class Refused(Exception):
    """The server understood the request and refused it; the text is its reason."""


@dataclass
class Tablet:
    """One device with one user; each call sends one request and waits for the reply.

    `address` is the whole URL of the endpoint. Rows map columns to values; texts are quoted, bytes sent as
    base64, by the protocol's literals.
    """

    address: str
    device: str
    user: str
    password: str
    session: dict[str, str] = field(default_factory=dict)

    def call(self, operation: str, **fields: str) -> dict[str, str]:
        """The reply's lines by key. Raises `Refused`, or `urllib.error.HTTPError` when nothing was read."""
        form = {
            "camcops_version": TABLET_COMPATIBLE_VERSION,
            "device": self.device,
            "operation": operation,
            "user": self.user,
            "password": self.password,
            **self.session,
            **fields,
        }
        body = urlencode(sorted(form.items()), quote_via=quote).encode("ascii")
        request = Request(self.address, body)  # noqa: S310  an address given by our own caller
        with urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            lines = answer.read().decode().split("\n")
        reply = {key: value.lstrip() for key, _, value in (line.partition(":") for line in lines)}
        self.session = {key: reply[key] for key in ("session_id", "session_token")}
        if reply["success"] != "1":
            raise Refused(reply["error"])
        return reply

    def register(self, friendly_name: str) -> None:
        self.call("register", devicefriendlyname=friendly_name)
        self.call("get_allowed_tables")
        self.call("get_extra_strings")
        self.session = {}

    def upload(self, tables: Tables, *, finish: bool, one_step: bool) -> None:
        """Send everything the tablet holds. With `finish`, the server closes it all: nothing stays live."""
        self.session = {}
        self.call("check_device_registered")
        self.call("check_upload_user_and_device")
        self.call("get_id_info")
        self.call("validate_patients", patient_info=json.dumps(patients_to_check(tables, finish)))
        self.call("get_allowed_tables")
        if one_step:
            self._in_one_step(tables, finish)
        else:
            self._table_by_table(tables, finish)

    def _in_one_step(self, tables: Tables, finish: bool) -> None:
        cells = {
            table: [{column: encode(value) for column, value in row.items()} for row in rows]
            for table, rows in tables.items()
        }
        self.call(
            "upload_entire_database",
            finalizing=str(int(finish)),
            pknameinfo=json.dumps(dict.fromkeys(tables, "id")),
            dbdata=json.dumps(cells),
        )

    def _table_by_table(self, tables: Tables, finish: bool) -> None:
        self.call("start_upload")
        if finish:
            self.call("start_preservation")
        if empty := [table for table, rows in tables.items() if not rows]:
            self.call("upload_empty_tables", tables=",".join(empty))
        for table, rows in tables.items():
            if rows and table != "blobs":
                records = {f"record{n}": encode_list(row.values()) for n, row in enumerate(rows)}
                columns = ",".join(rows[0])
                self.call(
                    "upload_table",
                    table=table,
                    pkname="id",
                    fields=columns,
                    nrecords=str(len(rows)),
                    **records,
                )
        if blobs := tables.get("blobs"):
            self._blobs(blobs)
        self.call("end_upload")

    def _blobs(self, blobs: Sequence[Row]) -> None:
        keys = ",".join(str(row["id"]) for row in blobs)
        self.call("delete_where_key_not", table="blobs", pkname="id", pkvalues=keys)
        wanted = self.call(
            "which_keys_to_send",
            table="blobs",
            pkname="id",
            pkvalues=keys,
            datevalues=",".join(str(row["when_last_modified"]) for row in blobs),
            move_off_tablet_values=",".join(str(row["_move_off_tablet"]) for row in blobs),
        )["result"].split(",")
        for row in blobs:
            if str(row["id"]) in wanted:
                self.call(
                    "upload_record",
                    table="blobs",
                    pkname="id",
                    fields=",".join(row),
                    values=encode_list(row.values()),
                )


def patients_to_check(tables: Tables, finish: bool) -> list[dict[str, object]]:
    """What a tablet tells of its patients before it uploads them."""
    details = ("forename", "surname", "sex", "dob", "email", "address", "gp", "other")
    told = []
    for patient in tables["patient"]:
        patient_told: dict[str, object] = {name: patient[name] for name in details}
        for number in tables["patient_idnum"]:
            if number["patient_id"] == patient["id"]:
                patient_told[f"idnum{number['which_idnum']!r}"] = number["idnum_value"]
        patient_told["finalizing"] = finish or bool(patient["_move_off_tablet"])
        told.append(patient_told)
    return told
