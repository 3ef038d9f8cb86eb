# SPDX-License-Identifier: GPL-3.0-or-later
"""How dates and times look on pages: in the server's own zone, the exact moment beneath."""

from datetime import UTC, date, datetime

from markupsafe import Markup

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(value: datetime | str) -> datetime:
    """A stored moment with its zone: ISO text as it says, a bare date-time is UTC.

    Raises `ValueError` if the text is no ISO 8601 date-time.
    """
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def day(value: date) -> str:
    return f"{value.day:02}-{MONTHS[value.month - 1]}-{value.year:04}"


def shown_date(value: date | None) -> Markup:
    """07-Jul-2026; nothing for nothing."""
    if value is None:
        return Markup("")
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), day(value))


def shown_time(value: datetime | str | None) -> Markup:
    """07-Jul-2026 14:05 in the server's zone; text that is no time is shown as it stands."""
    if value is None or value == "":
        return Markup("")
    try:
        local = moment(value).astimezone()
    except ValueError:
        return Markup("{}").format(value)
    return Markup('<time datetime="{}">{} {:%H:%M}</time>').format(
        local.isoformat(timespec="seconds"), day(local), local
    )
