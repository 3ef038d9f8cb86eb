# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies: lines of `key:value`, each ended by a line feed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from camcops.tablet_api.literals import Value, encode_list

CONTENT_TYPE = "text/plain; charset=UTF-8"
NOT_A_REQUEST = b"Not a valid CamCOPS API request\n"

_LINE_BREAKS = re.compile(r"[\r\n]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers: its own lines, and whether it succeeded."""

    lines: Sequence[tuple[str, str]]
    success: bool = True

    def body(self, session_id: int | None, session_token: str | None) -> bytes:
        """The whole reply. Tablets reject one that lacks the session's lines."""
        lines = list(self.lines)
        if self.success:
            lines.append(("success", "1"))
        else:
            lines.insert(0, ("success", "0"))
        if session_id is not None and session_token is not None:
            lines.append(("session_id", str(session_id)))
            lines.append(("session_token", session_token))
        return "".join(f"{key}:{value}\n" for key, value in lines).encode("utf-8")


def result(text: str) -> Reply:
    """A plain success."""
    return Reply((("result", text),))


def keyed(values: Mapping[str, str]) -> Reply:
    """A success that carries several keys; line breaks inside a value become one space."""
    return Reply(tuple((key, _LINE_BREAKS.sub(" ", value)) for key, value in values.items()))


def record_list(fields: Sequence[str], records: Iterable[Sequence[Value]]) -> Reply:
    """A success that carries a table."""
    rows = [(f"record{n}", encode_list(record)) for n, record in enumerate(records)]
    head = (
        ("nfields", str(len(fields))),
        ("fields", ",".join(fields)),
        ("nrecords", str(len(rows))),
    )
    return Reply((*head, *rows))


def failure(text: str) -> Reply:
    """A failure; the tablet shows the text as it stands, so line breaks are written out."""
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return Reply((("error", escaped),), success=False)
