# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates and times as they are shown."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from camcops.documents.moments import from_utc, stored_moment, stored_time
from camcops.documents.tree import Moment

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("2026-07-07T14:05:00.000+01:00", "07-Jul-2026 14:05"),
        ("2026-01-07T14:05:00.000+00:00", "07-Jan-2026 14:05"),
        ("2026-07-07T14:05:00.000+02:00", "07-Jul-2026 14:05 (UTC+02:00)"),
        ("2026-07-07T14:05:00-03:30", "07-Jul-2026 14:05 (UTC−03:30)"),
        ("2026-07-07T14:05:00", "07-Jul-2026 14:05"),
        ("2026-07-07", "07-Jul-2026"),
        (date(1970, 7, 7), "07-Jul-1970"),
        ("yesterday", "yesterday"),
    ],
)
def test_zone_is_shown_where_it_differs_from_the_readers(stored: object, shown: str) -> None:
    moment = stored_moment(stored, LONDON)
    assert moment is not None
    assert moment.text == shown


def test_without_a_reader_the_zone_is_shown() -> None:
    moment = stored_moment("2026-07-07T14:05:00.000+01:00", None)
    assert moment == Moment("07-Jul-2026 14:05 (UTC+01:00)", "2026-07-07T14:05:00+01:00")


def test_moments_kept_in_utc_are_shown_on_the_readers_clock() -> None:
    stored = datetime(2026, 7, 7, 13, 5, tzinfo=UTC).replace(tzinfo=None)
    assert from_utc(stored, LONDON).text == "07-Jul-2026 14:05"


@pytest.mark.parametrize("stored", [None, ""])
def test_nothing_stored(stored: object) -> None:
    assert stored_moment(stored, LONDON) is None


@pytest.mark.parametrize(
    ("stored", "shown"), [("14:05", "14:05"), ("14:05:30", "14:05:30"), ("noon", "noon")]
)
def test_times_of_day(stored: str, shown: str) -> None:
    assert stored_time(stored) == shown
