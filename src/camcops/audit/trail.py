# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing audit rows, each with a keyed code over its content, and checking the code later.

The code shows that a row was written by a holder of the key and has not been altered since. It does
not show that no row is missing. It reads `<key id>:<nonce>:<HMAC-SHA-256 in hex>`; the key stands
outside the database.
"""

import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from enum import Enum
from typing import Final

import sqlalchemy as sa

from camcops.db import rows
from camcops.db.instants import utc_now
from camcops.db.schema import audit

SOURCES: Final = frozenset({"webviewer", "tablet", "console"})
"""The faces of the server through which something can be done."""

_COMPACT: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))

DETAILS_CHARACTERS: Final = 65_000
DETAILS_BYTES: Final = 65_535
"""What MariaDB's and MySQL's TEXT holds."""

SIGNED_COLUMNS: Final = (
    "when_access_utc",
    "source",
    "remote_addr",
    "user_id",
    "device_id",
    "table_name",
    "server_pk",
    "patient_server_pk",
    "details",
)


class Verdict(Enum):
    """What a row's code says of the row."""

    GENUINE = "genuine"
    ALTERED = "altered"
    UNCODED = "uncoded"
    UNKNOWN_KEY = "unknown key"


class AuditTrail:
    """Writes the trail with one key (any bytes, 32 or more are advised)."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.key_id = key_id(key)

    def __repr__(self) -> str:
        return f"AuditTrail(key_id={self.key_id!r})"

    def record(
        self,
        conn: sa.Connection,
        *,
        source: str,
        remote_addr: str | None = None,
        user_id: int | None = None,
        device_id: int | None = None,
        table_name: str | None = None,
        server_pk: int | None = None,
        patient_server_pk: int | None = None,
        details: str | None = None,
    ) -> None:
        """Add one row to the trail, in the caller's transaction (one statement).

        `source` is one of `SOURCES`. `details` is plain English; what is longer than 65,000
        characters is cut.
        """
        if source not in SOURCES:
            raise ValueError(f"no source of audited acts: {source!r}")
        content: dict[str, object] = {
            "when_access_utc": utc_now(),
            "source": source,
            "remote_addr": remote_addr,
            "user_id": user_id,
            "device_id": device_id,
            "table_name": table_name,
            "server_pk": server_pk,
            "patient_server_pk": patient_server_pk,
            "details": None if details is None else fitting(details),
        }
        nonce = secrets.token_hex(8)
        code = f"{self.key_id}:{nonce}:{_code(self._key, nonce, content)}"
        rows.insert(conn, audit, [{**content, "code": code}])


def verify_row(row: Mapping[str, object], keys: Mapping[str, bytes]) -> Verdict:
    """Check one row of the trail (all its columns, by name) against the keys in use, now or
    formerly, by key id.
    """
    code = row["code"]
    if not isinstance(code, str):
        return Verdict.UNCODED
    name, _, rest = code.partition(":")
    nonce, _, digest = rest.partition(":")
    key = keys.get(name)
    if key is None:
        return Verdict.UNKNOWN_KEY
    fits = hmac.compare_digest(digest.encode(), _code(key, nonce, row).encode())
    return Verdict.GENUINE if fits else Verdict.ALTERED


def key_id(key: bytes) -> str:
    """A short public name of a key."""
    return hashlib.sha256(b"camcops audit key\0" + key).hexdigest()[:8]


def fitting(details: str) -> str:
    """Details as they can be stored on every database: without NUL, cut to length, no half
    characters.
    """
    text = details.replace("\0", "\N{REPLACEMENT CHARACTER}")[:DETAILS_CHARACTERS]
    return text.encode("utf-8", "replace")[:DETAILS_BYTES].decode("utf-8", "ignore")


def _code(key: bytes, nonce: str, row: Mapping[str, object]) -> str:
    """HMAC-SHA-256 over the nonce and the row's content, written as a JSON list in a fixed order."""
    content = _COMPACT.encode([nonce, *(plain(row[column]) for column in SIGNED_COLUMNS)])
    return hmac.new(key, content.encode(), hashlib.sha256).hexdigest()


def plain(value: object) -> object:
    """A value of a row as it is signed."""
    return value.isoformat(timespec="seconds") if isinstance(value, dt.datetime) else value
