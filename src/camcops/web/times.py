# SPDX-License-Identifier: GPL-3.0-or-later
"""How dates and times look on pages: in the server's own zone, the exact moment beneath."""

from datetime import UTC, date, datetime, timedelta, tzinfo

from markupsafe import Markup

from camcops.documents.moments import date_text


class ServerZone(tzinfo):
    """The zone of the machine that serves, with its summer time on the day in question."""

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        return None if when is None else when.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, when: datetime | None) -> timedelta | None:
        return None

    def tzname(self, when: datetime | None) -> str | None:
        return None if when is None else when.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, when: datetime) -> datetime:
        return when.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)


SERVER_ZONE = ServerZone()


def moment(value: datetime | str) -> datetime:
    """A stored moment with its zone: ISO text as it says, a bare date-time is UTC.

    Raises `ValueError` if the text is no ISO 8601 date-time.
    """
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def shown_date(value: date | None) -> Markup:
    """07-Jul-2026; nothing for nothing."""
    if value is None:
        return Markup("")
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), date_text(value))


def shown_time(value: datetime | str | None) -> Markup:
    """07-Jul-2026 14:05 in the server's zone; text that is no time is shown as it stands."""
    if value is None or value == "":
        return Markup("")
    try:
        local = moment(value).astimezone(SERVER_ZONE)
    except ValueError:
        return Markup("{}").format(value)
    return Markup('<time datetime="{}">{} {}</time>').format(
        local.isoformat(timespec="seconds"), date_text(local), f"{local:%H:%M}"
    )
