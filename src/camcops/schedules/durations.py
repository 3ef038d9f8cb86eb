# SPDX-License-Identifier: GPL-3.0-or-later
"""Times after the start of a schedule, as the database keeps them: `P0Y0MT604800.0S` is a week."""

import calendar
import datetime as dt
import re
from dataclasses import dataclass

SECONDS_A_DAY = 86_400

_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Duration:
    """Calendar months, and what comes on top of them."""

    months: int
    rest: dt.timedelta

    def after(self, start: dt.datetime) -> dt.datetime:
        """The instant so long after another, with the same offset from UTC.

        A day that the month reached does not have becomes its last one. Raises OverflowError beyond
        the year 9999.
        """
        years, month = divmod(start.month - 1 + self.months, 12)
        year, month = start.year + years, month + 1
        if year > dt.MAXYEAR:
            raise OverflowError("beyond the year 9999")
        day = min(start.day, calendar.monthrange(year, month)[1])
        return start.replace(year=year, month=month, day=day) + self.rest


def read_duration(text: str) -> Duration:
    """Read an ISO 8601 duration. Raises ValueError."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError(text)
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in found.groups()[:6])
    try:
        rest = dt.timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=float(found[7] or 0)
        )
    except OverflowError:
        raise ValueError(text) from None
    return Duration(12 * years + months, rest)


def duration_text(days: int) -> str:
    """A number of days in the form that CamCOPS 2.4 writes, and sorts by."""
    return f"P0Y0MT{float(days * SECONDS_A_DAY)}S"
