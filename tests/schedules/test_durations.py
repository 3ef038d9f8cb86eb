# SPDX-License-Identifier: GPL-3.0-or-later
"""Times after the start of a schedule."""

import datetime as dt

import pytest

from camcops.schedules.durations import duration_text, read_duration

START = dt.datetime.fromisoformat("2026-10-20T09:30:00+01:00")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("P0Y0MT0.0S", "2026-10-20T09:30:00+01:00"),
        ("P0Y0MT604800.0S", "2026-10-27T09:30:00+01:00"),
        ("P0Y1MT86400.0S", "2026-11-21T09:30:00+01:00"),
        ("P1Y2MT0.0S", "2027-12-20T09:30:00+01:00"),
        ("P1W2DT3H4M5.5S", "2026-10-29T12:34:05.500000+01:00"),
        ("P10D", "2026-10-30T09:30:00+01:00"),
    ],
)
def test_after(text: str, end: str) -> None:
    assert read_duration(text).after(START).isoformat() == end


def test_the_last_day_of_a_shorter_month() -> None:
    start = dt.datetime(2027, 1, 31, tzinfo=dt.UTC)
    assert read_duration("P1M").after(start).date() == dt.date(2027, 2, 28)


@pytest.mark.parametrize("days", [0, 1, 28, 36_500, 73_000])
def test_days_as_camcops_2_writes_them(days: int) -> None:
    text = duration_text(days)
    assert text == f"P0Y0MT{days * 86400}.0S"
    assert len(text) <= 29
    assert read_duration(text).after(START) - START == dt.timedelta(days=days)


@pytest.mark.parametrize("text", ["", "P", "7", "PT", "P1X", "P-1D", "PT1e3S", f"P{'9' * 40}D"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError):
        read_duration(text)


@pytest.mark.parametrize("text", ["P9000Y", "P3000000D"])
def test_beyond_the_calendar(text: str) -> None:
    with pytest.raises(OverflowError):
        read_duration(text).after(START)
