# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzing the tablets' endpoint for long: `python -m tests.fuzz_long --minutes 10`.

Two parts share the time. *Requests*: altered copies of good requests; an altered one that reaches lines of
the program which none has reached before is altered further. *Sequences*: whole operations in any order
against the model of `tests/tablet_api/upload_model.py`. Each ends with a count; anything found is printed and
makes the exit status 1.
"""

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import methodcaller
from pathlib import Path
from types import FrameType
from typing import Any
from wsgiref.types import WSGIApplication

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from pyramid.config import Configurator

from camcops.audit.trail import AuditTrail
from camcops.config import load
from camcops.db.database import Database, connect
from camcops.db.schema import login_failures
from camcops.db.upgrade import upgrade
from camcops.instruments.library import load_library
from camcops.records.index_check import faults
from camcops.site import Site, audit_key
from tests.initial_states import make_tablet_state
from tests.running import write_config
from tests.tablet import WsgiTablet, encoded, send, tablet
from tests.tablet_api.contents import blob, everything, phq9
from tests.tablet_api.refusals import UPLOAD_TABLE, literals
from tests.tablet_api.upload_machine import machine_of

WATCHED = ("/camcops/tablet_api/", "/camcops/records/")
SLOWEST_S = 10.0
MOST_KEPT = 2000
STEPS = 50

INTERESTING = (
    *("", "0", "1", "-1", "2147483648", "9223372036854775808", "1e999", "nan", "NULL", "''", "'"),
    *("64''", "64'QQ=='", "X'00'", "'\\", "\\n", ",", ",,", "{}", "[]", "null", '{"a":', "%", "&"),
    *("'2026-02-30T00:00:00Z'", "'0001-01-01T00:00:00+14:00'", "9999-12-31T23:59:59-12:00", "\0"),
    *("é", "😀", "\u202e", "patient", "blobs", "phq9", "_pk", "id", "_era", "id,id", "x" * 300),
)


@dataclass
class Findings:
    cases: int = 0
    texts: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.texts.append(text)
        print(f"FOUND: {text}", file=sys.stderr)


class Coverage:
    """The lines of the watched rooms that were ever reached; `new` tells whether a run reached more."""

    def __init__(self) -> None:
        self.lines: set[tuple[str, int]] = set()

    def new(self, work: Callable[[], Any]) -> tuple[Any, bool]:
        before = len(self.lines)
        sys.settrace(self._call)
        try:
            result = work()
        finally:
            sys.settrace(None)
        return result, len(self.lines) > before

    def _call(self, frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        return self._line if any(part in name for part in WATCHED) else None

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line


def good_requests(device: WsgiTablet) -> list[dict[str, str]]:
    """A good request for each operation, as a form."""
    whole = {**literals(everything()), "finalizing": "1"}
    keys = {"table": "blobs", "pkname": "id", "pkvalues": "1,2"}
    photo = blob(2)
    record = {
        "fields": ",".join(photo),
        "values": "2,0,NULL,'photo',1,'b','x.png','image/png',90,64'QQ=='",
    }
    told = [{"sex": "F", "forename": "A", "idnum2": 5, "finalizing": False}]
    requests: list[tuple[str, dict[str, str]]] = [
        *((name, {}) for name in ("check_device_registered", "check_upload_user_and_device")),
        *(
            (name, {})
            for name in ("get_id_info", "start_upload", "start_preservation", "end_upload")
        ),
        ("register", {"devicefriendlyname": "A tablet"}),
        ("validate_patients", {"patient_info": json.dumps(told)}),
        ("upload_empty_tables", {"tables": "phq9,gad7"}),
        ("upload_table", UPLOAD_TABLE),
        ("upload_record", {"table": "blobs", "pkname": "id", **record}),
        ("delete_where_key_not", keys),
        (
            "which_keys_to_send",
            {
                **keys,
                "datevalues": "2026-05-01T10:00:00Z,2026-05-01T10:00:00Z",
                "move_off_tablet_values": "0,1",
            },
        ),
        ("upload_entire_database", whole),
        ("upload_entire_database", {**literals({"phq9": [phq9(1), phq9(2)]}), "finalizing": "0"}),
        ("register_patient", {"patient_proquint": "gusop-nubah-losiv"}),
    ]
    return [device.form(name, **fields) for name, fields in requests]


def altered(
    form: dict[str, str], others: list[dict[str, str]], chance: random.Random
) -> dict[str, str]:
    """A copy of a form with one to three things changed; who calls is mostly left alone."""
    changed = dict(form)
    for _ in range(chance.randint(1, 3)):
        names = [name for name in changed if name not in ("user", "password", "device")]
        if chance.random() < 0.03 or not names:
            names = list(changed)
        name = chance.choice(names)
        kind = chance.randrange(6)
        if kind == 0:
            del changed[name]
        elif kind == 1:
            changed[name] = chance.choice(INTERESTING)
        elif kind == 2:
            other = chance.choice(others)
            taken = chance.choice(list(other))
            changed[taken] = other[taken]
        else:
            changed[name] = _edited(changed[name], chance)
    return changed


def _edited(text: str, chance: random.Random) -> str:
    start = chance.randint(0, len(text))
    end = min(len(text), start + chance.choice((0, 1, 1, 2, 8)))
    middle = chance.choice((*INTERESTING, text[start:end] * 2, chr(chance.randrange(32, 1024))))
    return text[:start] + middle + text[end:]


def fuzz_requests(
    application: WSGIApplication, database: Database, minutes: float, seed: int
) -> Findings:
    """Send altered requests until the time is over."""
    chance, findings, coverage = random.Random(seed), Findings(), Coverage()
    device = tablet(application, "fuzzed")
    device.call("register")
    corpus = good_requests(device)
    goods = list(corpus)
    ends = time.monotonic() + minutes * 60
    while time.monotonic() < ends:
        form = altered(chance.choice(corpus), goods, chance)
        body = encoded(form)
        if chance.random() < 0.1:
            cut = chance.randint(0, len(body))
            body = body[:cut] + bytes([chance.randrange(256)]) + body[cut + chance.randint(0, 2) :]
        begun = time.monotonic()
        answer, is_new = coverage.new(partial(send, application, body))
        findings.cases += 1
        if time.monotonic() - begun > SLOWEST_S:
            findings.add(f"slow: {body!r}")
        if answer.status not in (200, 400, 413):
            findings.add(f"status {answer.status}: {body!r}")
        elif answer.status == 200:
            lines = answer.lines
            if not {"success", "session_id", "session_token"} <= set(lines):
                findings.add(f"no reply: {body!r} -> {answer.body!r}")
            elif "unexpected problem" in lines.get("error", ""):
                findings.add(f"fault: {body!r} -> {lines['error']}")
        if is_new and len(corpus) < MOST_KEPT:
            corpus.append(form)
        if findings.cases % 500 == 0:
            _tidy(database)
    for fault in database.read(lambda conn: list(faults(conn, database))):
        findings.add(f"index: {fault}")
    print(
        f"requests: {findings.cases} cases, {len(corpus) - len(goods)} kept for the "
        f"{len(coverage.lines)} lines that they reach, {len(findings.texts)} findings"
    )
    return findings


def _tidy(database: Database) -> None:
    """Wrong passwords must not lock the fuzzer out."""
    database.write(methodcaller("execute", sa.delete(login_failures)))


def fuzz_sequences(application: WSGIApplication, database: Database, minutes: float) -> Findings:
    """Run sequences of operations until the time is over."""
    findings = Findings()
    machine = machine_of(application, database)
    ends = time.monotonic() + minutes * 60
    while time.monotonic() < ends and not findings.texts:
        chosen: Any = settings(
            max_examples=20,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        try:
            run_state_machine_as_test(machine, settings=chosen)
        except AssertionError as difference:
            findings.add(f"difference from the model: {difference}")
        findings.cases += 20
    for fault in database.read(lambda conn: list(faults(conn, database))):
        findings.add(f"index: {fault}")
    print(
        f"sequences: {findings.cases} of up to {STEPS} operations, {len(findings.texts)} findings"
    )
    return findings


@contextmanager
def installation() -> Iterator[tuple[WSGIApplication, Database]]:
    """An application on an embedded database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        library = load_library()
        url = f"sqlite:///{folder}/camcops.sqlite"
        upgrade(url, library)
        database = connect(url, library)
        make_tablet_state(database)
        loaded = load(
            write_config(Path(folder), database.engine.url, 8000, LOCKOUT_THRESHOLD="1000000")
        )
        config = Configurator()
        config.registry.site = Site(loaded, library, database, AuditTrail(audit_key(loaded.site)))
        config.include("camcops.tablet_api.views")
        yield config.make_wsgi_app(), database
        database.engine.dispose()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="in all")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"seed {asked.seed}")
    found = 0
    with installation() as (application, database):
        found += len(fuzz_requests(application, database, asked.minutes / 2, asked.seed).texts)
    with installation() as (application, database):
        found += len(fuzz_sequences(application, database, asked.minutes / 2).texts)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
