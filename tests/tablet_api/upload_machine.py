# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a device over HTTP and its model side by side, and compares what is visible after each step."""

import itertools
import json
from collections import Counter
from typing import Any, ClassVar
from wsgiref.types import WSGIApplication

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from camcops.db.database import Database
from camcops.db.schema import devices, groups, idnum_index, task_index
from camcops.tablet_api.literals import encode, encode_list
from tests.tablet import WsgiTablet, tablet
from tests.tablet_api.contents import Row as Held
from tests.tablet_api.contents import blob, number, person, phq9
from tests.tablet_api.upload_model import TABLES, DeviceModel, Refusal, Sent, attempt

USERS = {"tablet": "tablet-pw-1", "uploader": "uploader-pw-1"}
_INSTANTS = [f"2026-05-0{day}T10:00:00.000+01:00" for day in range(1, 4)]

# Few keys, instants and values, so that records meet each other.
RECORDS = st.builds(Sent, st.integers(1, 3), st.integers(0, 2), st.booleans(), st.integers(0, 2))
MANY = st.lists(RECORDS, max_size=3, unique_by=lambda record: record.key)
TABLE = st.sampled_from(TABLES)
USER = st.sampled_from(["tablet", "tablet", "tablet", "uploader"])
KEYS = st.lists(st.integers(1, 3), min_size=1, max_size=3, unique=True)

_devices = itertools.count(1)


def held(table: str, record: Sent) -> Held:
    """The record as the tablet has it."""
    common: dict[str, Any] = {
        "modified": _INSTANTS[record.when],
        "move_off": int(record.move),
    }
    if table == "patient":
        return person(record.key, surname="x" * record.value or None, **common)
    if table == "patient_idnum":
        return number(record.key, value=record.value, **common)
    if table == "blobs":
        return {**blob(record.key, **common), "image_rotation_deg_cw": record.value}
    return phq9(record.key, q1=record.value, **common)


def value_of(table: str, row: sa.RowMapping) -> int:
    column = {"patient_idnum": "idnum_value", "blobs": "image_rotation_deg_cw", "phq9": "q1"}
    return len(row["surname"] or "") if table == "patient" else int(row[column[table]])


class UploadMachine(RuleBasedStateMachine):
    """Each run uses a new device."""

    application: ClassVar[WSGIApplication]
    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        name = f"any-order-{next(_devices)}"
        self.tablets: dict[str, WsgiTablet] = {
            user: tablet(type(self).application, name, user, password)
            for user, password in USERS.items()
        }
        self.tablets["tablet"].call("register")
        self.model = DeviceModel()
        self.last: tuple[Any, ...] | None = None

    def do(self, user: str, fields: dict[str, str], operation: str, *arguments: Any) -> Any:
        """Ask model and server; both succeed or both refuse."""
        self.last = (user, fields, operation, arguments)
        answer = self.tablets[user].answer(operation, **fields)
        assert answer.status == 200, answer
        reply = answer.lines
        self.tablets[user].session = {name: reply[name] for name in ("session_id", "session_token")}
        self.model, expected = attempt(self.model, operation, *arguments)
        if isinstance(expected, Refusal):
            assert reply["success"] == "0", (operation, reply)
            assert str(expected) in reply["error"]
            return None
        assert reply["success"] == "1", (operation, reply)
        return reply["result"]

    @rule(user=USER)
    def start_upload(self, user: str) -> None:
        self.do(user, {}, "start_upload", user)

    @rule(user=USER)
    def start_preservation(self, user: str) -> None:
        self.do(user, {}, "start_preservation", user)

    @rule(user=USER, tables=st.lists(TABLE, min_size=1, max_size=3, unique=True))
    def upload_empty_tables(self, user: str, tables: list[str]) -> None:
        fields = {"tables": ",".join(tables)}
        self.do(user, fields, "upload_empty_tables", user, tables)

    @rule(user=USER, table=TABLE, records=MANY)
    def upload_table(self, user: str, table: str, records: list[Sent]) -> None:
        rows = [held(table, record) for record in records]
        fields = {
            "table": table,
            "pkname": "id",
            "nrecords": str(len(rows)),
            "fields": ",".join(held(table, Sent(1, 0, False, 0))),
            **{f"record{n}": encode_list(row.values()) for n, row in enumerate(rows)},
        }
        self.do(user, fields, "upload_table", user, table, records)

    @rule(user=USER, table=TABLE, record=RECORDS)
    def upload_record(self, user: str, table: str, record: Sent) -> None:
        row = held(table, record)
        fields = {
            "table": table,
            "pkname": "id",
            "fields": ",".join(row),
            "values": encode_list(row.values()),
        }
        self.do(user, fields, "upload_record", user, table, record)

    @rule(user=USER, table=TABLE, keys=KEYS)
    def delete_where_key_not(self, user: str, table: str, keys: list[int]) -> None:
        fields = {"table": table, "pkname": "id", "pkvalues": encode_list(keys)}
        self.do(user, fields, "delete_where_key_not", user, table, keys)

    @rule(user=USER, table=TABLE, sent=MANY)
    def which_keys_to_send(self, user: str, table: str, sent: list[Sent]) -> None:
        fields = {
            "table": table,
            "pkname": "id",
            "pkvalues": encode_list([one.key for one in sent]),
            "datevalues": ",".join(_INSTANTS[one.when] for one in sent),
            "move_off_tablet_values": encode_list([int(one.move) for one in sent]),
        }
        batch = self.model
        result = self.do(user, fields, "which_keys_to_send", user, table, sent)
        if result is not None:
            _, expected = attempt(batch, "which_keys_to_send", user, table, sent)
            assert {int(key) for key in result.split(",") if key} == expected

    @rule(user=USER)
    def end_upload(self, user: str) -> None:
        self.do(user, {}, "end_upload", user)

    @rule(
        user=USER,
        finalizing=st.booleans(),
        tables=st.dictionaries(TABLE, MANY),
    )
    def upload_entire_database(
        self, user: str, finalizing: bool, tables: dict[str, list[Sent]]
    ) -> None:
        cells = {
            table: [
                {name: encode(value) for name, value in held(table, record).items()}
                for record in records
            ]
            for table, records in tables.items()
        }
        fields = {
            "finalizing": str(int(finalizing)),
            "dbdata": json.dumps(cells),
            "pknameinfo": json.dumps(dict.fromkeys(tables, "id")),
        }
        self.do(user, fields, "upload_entire_database", finalizing, tables)

    @precondition(lambda self: self.last is not None)
    @rule()
    def same_again(self) -> None:
        """The last reply was lost."""
        assert self.last is not None
        user, fields, operation, arguments = self.last
        self.do(user, fields, operation, *arguments)

    @invariant()
    def what_is_visible_is_what_must_be(self) -> None:
        live, eras = self.database.read(self.visible)
        assert live == self.model.live()
        assert sorted(map(str, eras)) == sorted(str(_ordered(era)) for era in self.model.eras)

    def visible(self, conn: sa.Connection) -> tuple[Any, list[Any]]:
        name = self.tablets["tablet"].device
        device = conn.scalar(sa.select(devices.c.id).where(devices.c.name == name))
        found: dict[str, Counter[Any]] = {"NOW": Counter()}
        current: set[int] = set()
        numbers: set[int] = set()
        for table in TABLES:
            columns = self.database.tables[table].table
            query = sa.select(columns).where(columns.c._device_id == device, columns.c._current)
            for row in conn.execute(query).mappings():
                assert not row["_addition_pending"]
                when = next(
                    n
                    for n, instant in enumerate(_INSTANTS)
                    if row["when_last_modified"][:10] == instant[:10]
                )
                seen = (table, row["id"], when, value_of(table, row))
                found.setdefault(row["_era"], Counter())[seen] += 1
                if table == "phq9":
                    current.add(row["_pk"])
                if table == "patient_idnum":
                    numbers.add(row["_pk"])
        indexed = sa.select(task_index.c.task_pk).where(task_index.c.device_id == device)
        assert set(conn.scalars(indexed)) == current
        assert numbers <= set(conn.scalars(sa.select(idnum_index.c.idnum_pk)))
        live = found.pop("NOW")
        return live, [_ordered(era) for era in found.values()]


def machine_of(application: WSGIApplication, database: Database) -> type[UploadMachine]:
    """The state machine on an application and its database."""
    anybody = groups.update().values(upload_policy="sex OR NOT sex", finalize_policy="surname")
    database.write(lambda conn: conn.execute(anybody))
    members = {"application": staticmethod(application), "database": database}
    return type("UploadMachineHere", (UploadMachine,), members)


def _ordered(era: Counter[Any]) -> list[Any]:
    return sorted(era.items())
