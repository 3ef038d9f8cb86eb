# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates and times as a reader sees them: 07-Jul-2026, 07-Jul-2026 14:05."""

from datetime import UTC, date, datetime, time, tzinfo

from camcops.documents.tree import Moment

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_text(day: date) -> str:
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year:04d}"


def day_moment(day: date) -> Moment:
    return Moment(date_text(day), day.isoformat())


def instant(value: datetime, zone: tzinfo | None) -> Moment:
    """A date and time as it was written; its offset is shown where the reader's clock differs."""
    text = f"{date_text(value)} {value.hour:02d}:{value.minute:02d}"
    offset = value.utcoffset()
    reader = value.astimezone(zone).utcoffset() if zone is not None and offset is not None else None
    if offset is not None and offset != reader:
        minutes = int(offset.total_seconds() // 60)
        sign = "−" if minutes < 0 else "+"
        text += f" (UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d})"
    return Moment(text, value.isoformat(timespec="seconds"))


def from_utc(value: datetime, zone: tzinfo | None) -> Moment:
    """A moment stored in UTC without zone, put on the reader's clock."""
    aware = value.replace(tzinfo=UTC)
    return instant(aware if zone is None else aware.astimezone(zone), zone)


def read_datetime(value: object) -> datetime | None:
    """The moment that a stored value means (ISO 8601 text, or a date-time), if it can be read."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def stored_moment(value: object, zone: tzinfo | None) -> Moment | None:
    """A stored date, time or date-time in the reader's form; text that can't be read stands as it is."""
    if value is None or value == "":
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return day_moment(value)
    moment = read_datetime(value)
    if moment is None:
        return Moment(str(value), "")
    if isinstance(value, str) and len(value) == len("2026-07-07"):
        return day_moment(moment.date())
    return instant(moment, zone)


def stored_time(value: object) -> str:
    """A stored time of day as 14:05, with seconds where they are not 0."""
    try:
        clock = value if isinstance(value, time) else time.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return clock.strftime("%H:%M:%S" if clock.second else "%H:%M")
