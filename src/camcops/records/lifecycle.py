# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a row that came from a tablet: eras, current versions, and how instants are written.

A tablet's object is known by (device, era, `id`). While the tablet can still change it, its rows stand in the
era `NOW`; at most one of them is current, the others are earlier versions. Finalizing moves all of them to an
era of their own, named after an instant, and nothing that a tablet sends can touch them any more.
"""

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache

from camcops.db.client_tables import ClientTable

NOW = "NOW"
SERVER_DEVICE = "server"
SYSTEM_USER = "system"

KEY = "id"
WHEN_MODIFIED = "when_last_modified"
MOVE_OFF = "_move_off_tablet"

_USUAL_LENGTH = len("YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM")

SERVER_COLUMNS = frozenset(
    {
        "_pk",
        "_device_id",
        "_era",
        "_current",
        "_when_added_exact",
        "_when_added_batch_utc",
        "_adding_user_id",
        "_when_removed_exact",
        "_when_removed_batch_utc",
        "_removing_user_id",
        "_preserving_user_id",
        "_forcibly_preserved",
        "_predecessor_pk",
        "_successor_pk",
        "_manually_erased",
        "_manually_erased_at",
        "_manually_erasing_user_id",
        "_camcops_version",
        "_addition_pending",
        "_removal_pending",
        "_group_id",
    }
)
"""Columns that the server fills; a tablet may not name them."""

_PATIENT_UUID = ("patient", "uuid")


def client_columns(table: ClientTable) -> frozenset[str]:
    """The columns of a table that a tablet may send."""
    return frozenset(
        column.name
        for column in table.table.columns
        if column.name not in SERVER_COLUMNS and (table.name, column.name) != _PATIENT_UUID
    )


def iso_text(instant: dt.datetime) -> str:
    """An instant as stored: `YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM`. One without a zone is UTC."""
    return _zoned(instant).isoformat(timespec="microseconds")


def parse_instant(text: str) -> dt.datetime:
    """Read ISO 8601 text, with the zone it has; without one it is UTC. Raises ValueError."""
    text = text.strip()
    return _parse_usual(text) if len(text) <= _USUAL_LENGTH else _parse(text)


def _parse(text: str) -> dt.datetime:
    if len(text) < len("YYYY-MM-DD") or not text.isascii():
        raise ValueError(text)
    instant = _zoned(dt.datetime.fromisoformat(text))
    if instant.tzinfo is dt.UTC:
        return instant
    offset = instant.utcoffset() or dt.timedelta()
    if offset.total_seconds() % 60:
        raise ValueError(text)
    try:
        instant.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError(text) from None
    return instant


# The rows of an upload share a few instants, each read several times.
_parse_usual = lru_cache(maxsize=64)(_parse)


def same_instant(stored: str | None, sent: str | None) -> bool:
    """Are two date-times the same point in time, whatever their zone? Two missing ones are equal."""
    if stored is None or sent is None:
        return stored is sent
    if stored == sent:
        return True
    try:
        return parse_instant(stored) == parse_instant(sent)
    except ValueError:
        return False


def is_before(first: str | None, second: str | None) -> bool:
    """Is one date-time earlier than another? Unknown or unreadable ones are not."""
    if first is None or second is None:
        return False
    try:
        return parse_instant(first) < parse_instant(second)
    except ValueError:
        return False


def utc_of(text: str) -> dt.datetime:
    """ISO 8601 text as UTC without a zone, for a DATETIME column. Raises ValueError."""
    return parse_instant(text).astimezone(dt.UTC).replace(tzinfo=None)


def era_text(instant: dt.datetime) -> str:
    """The name of the era that begins at an instant: UTC, whole seconds."""
    utc = _zoned(instant).astimezone(dt.UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="seconds") + "Z"


def batch_time(now: dt.datetime, last: dt.datetime | None, *, makes_era: bool) -> dt.datetime:
    """The instant that stands for one upload of a device: UTC, whole seconds, never before its `last` one.

    An upload that finalizes anything names an era after its instant. That instant is at least a second after
    all earlier ones, so that two eras of a device never have the same name.
    """
    now = now.replace(microsecond=0)
    if last is None:
        return now
    return max(now, last + dt.timedelta(seconds=1) if makes_era else last)


def with_predecessors(pks: Iterable[int], predecessor_of: dict[int, int | None]) -> set[int]:
    """Rows and all earlier versions that `predecessor_of` (`_pk` → `_predecessor_pk`) knows."""
    found: set[int] = set()
    for pk in pks:
        step: int | None = pk
        while step is not None and step not in found and step in predecessor_of:
            found.add(step)
            step = predecessor_of[step]
    return found


def _zoned(instant: dt.datetime) -> dt.datetime:
    return instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant
