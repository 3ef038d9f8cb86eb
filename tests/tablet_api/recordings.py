# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchanges recorded between tablets and CamCOPS 2.4, and sending them again."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from tests.tablet import Answer, encoded, send

FOLDER = Path(__file__).parent.parent / "data" / "traces"


@dataclass(frozen=True)
class Exchange:
    """One request and what CamCOPS 2.4 answered."""

    n: int
    phase: str
    note: str
    method: str
    form: dict[str, str]
    status: int
    reply: dict[str, str]


def recording(name: str) -> list[Exchange]:
    """All exchanges of one recording, in order."""
    return list(_read(FOLDER / f"{name}.jsonl.gz"))


def rows_after_phases() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """What CamCOPS 2.4 had in its tables after phases of the scripted session: rows by table, by phase."""
    with gzip.open(FOLDER / "rows_after_phases.json.gz", "rt", encoding="utf-8") as file:
        return {phase: content["tables"] for phase, content in json.load(file).items()}


def lines_of(body: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in body.split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            found[key] = value.lstrip()
    return found


def _read(path: Path) -> Iterator[Exchange]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            made = json.loads(line)
            yield Exchange(
                n=made["n"],
                phase=made.get("phase", ""),
                note=made.get("note") or "",
                method=made.get("method", "POST"),
                form=made["form"] or {},
                status=made["status"],
                reply=lines_of(made["reply"]),
            )


@dataclass
class Replay:
    """Sends recorded requests; recorded sessions and passwords become those that this server gave instead."""

    application: WSGIApplication
    ids: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    def send(self, exchange: Exchange) -> Answer:
        form = dict(exchange.form)
        ours = (
            ("session_id", self.ids),
            ("session_token", self.tokens),
            ("password", self.passwords),
        )
        for name, known in ours:
            if name in form:
                form[name] = known.get(form[name], form[name])
        answer = send(self.application, encoded(form), method=exchange.method)
        for name, known in ours:
            if name in exchange.reply and name in answer.lines:
                known[exchange.reply[name]] = answer.lines[name]
        return answer
