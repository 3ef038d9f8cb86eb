# SPDX-License-Identifier: GPL-3.0-or-later
"""A tablet for load: one kept connection, bodies encoded beforehand, every reply checked."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from benchmarks.connection import Connection
from benchmarks.installation import PASSWORD
from camcops import TABLET_COMPATIBLE_VERSION
from camcops.demonstration.tablet import Tables, patients_to_check
from camcops.tablet_api.literals import Value, encode, encode_list

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
USER = "clinic_tablet"

Request = tuple[str, bytes]
"""An operation and its own fields, encoded."""


class Failed(Exception):
    """A request did not succeed; the text says how."""


@dataclass
class Device:
    """One tablet's connection, and the seconds that each of its requests took."""

    port: int
    name: str
    session: bytes = b""
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._connection = Connection(self.port)
        common = {
            "camcops_version": TABLET_COMPATIBLE_VERSION,
            "device": self.name,
            "user": USER,
            "password": PASSWORD,
        }
        self._common = fields(common)

    def register(self) -> None:
        self.send(("register", fields({"devicefriendlyname": "Benchmark"})))

    def flow(self, requests: Iterable[Request]) -> None:
        """A new session, as a tablet begins each upload, and all requests in it."""
        self.session = b""
        for request in requests:
            self.send(request)

    def send(self, request: Request) -> Mapping[str, str]:
        """The reply's lines. Raises `Failed`."""
        operation, own = request
        parts = [self._common, self.session, b"operation=" + operation.encode(), own]
        body = b"&".join(part for part in parts if part)
        began = time.perf_counter()
        status, _, content = self._connection.ask("POST", "/database", body, FORM)
        text = content.decode()
        self.seconds.append(time.perf_counter() - began)
        lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        if status != 200 or lines.get("success") != "1":
            raise Failed(f"{operation}: {status} {lines.get('error', text[:200])}")
        wanted = {key: lines[key] for key in ("session_id", "session_token")}
        self.session = fields(wanted)
        return lines


def fields(values: Mapping[str, str]) -> bytes:
    """Form fields, encoded as tablets encode them."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items()).encode()


def enquiries(tables: Tables, *, finish: bool) -> list[Request]:
    """What a tablet asks before each upload."""
    told = json.dumps(patients_to_check(tables, finish))
    return [
        ("check_device_registered", b""),
        ("check_upload_user_and_device", b""),
        ("get_id_info", b""),
        ("validate_patients", fields({"patient_info": told})),
        ("get_allowed_tables", b""),
    ]


def in_one_step(tables: Tables, names: Iterable[str], *, finish: bool) -> Request:
    """The upload of a tablet that has all the tables named, most of them empty."""
    cells = {
        name: [{column: encode(value) for column, value in row.items()} for row in tables[name]]
        if name in tables
        else []
        for name in names
    }
    return (
        "upload_entire_database",
        fields(
            {
                "finalizing": str(int(finish)),
                "pknameinfo": json.dumps(dict.fromkeys(cells, "id")),
                "dbdata": json.dumps(cells),
            }
        ),
    )


def table_by_table(tables: Tables, names: Iterable[str], *, finish: bool) -> list[Request]:
    """The same upload in many requests."""
    empty = ",".join(name for name in names if not tables.get(name))
    requests: list[Request] = [("start_upload", b"")]
    if finish:
        requests.append(("start_preservation", b""))
    if empty:
        requests.append(("upload_empty_tables", fields({"tables": empty})))
    requests += [one_table(name, tables) for name, rows in tables.items() if rows]
    return [*requests, ("end_upload", b"")]


def one_table(name: str, tables: Tables) -> Request:
    """All rows of one table."""
    rows = tables[name]
    records = {f"record{n}": encode_list(row.values()) for n, row in enumerate(rows)}
    described = {"table": name, "pkname": "id", "fields": ",".join(rows[0])}
    return "upload_table", fields({**described, "nrecords": str(len(rows)), **records})


def one_record(name: str, row: Mapping[str, Value]) -> Request:
    """One row of a table, by itself, as BLOBs are sent."""
    described = {"table": name, "pkname": "id", "fields": ",".join(row)}
    return "upload_record", fields({**described, "values": encode_list(row.values())})
