# SPDX-License-Identifier: GPL-3.0-or-later
"""Instants, eras and chains of versions."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcops.records.lifecycle import (
    batch_time,
    era_text,
    iso_text,
    parse_instant,
    same_instant,
    utc_of,
    with_predecessors,
)

OFFSETS = st.integers(-14 * 60, 14 * 60).map(
    lambda minutes: dt.timezone(dt.timedelta(minutes=minutes))
)
FIRST = dt.datetime(1, 1, 3)  # noqa: DTZ001
LAST = dt.datetime(9999, 12, 29)  # noqa: DTZ001
MOMENTS = st.datetimes(FIRST, LAST, timezones=OFFSETS)


@given(MOMENTS)
def test_stored_text_has_32_characters_and_loses_nothing(moment: dt.datetime) -> None:
    text = iso_text(moment)
    assert len(text) == 32
    assert parse_instant(text) == moment
    assert utc_of(text) == moment.astimezone(dt.UTC).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2026-05-01T10:00:00.123+01:00", "2026-05-01T09:00:00.123000+00:00", True),
        ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00", True),
        ("2026-05-01T10:00:00.123+01:00", "2026-05-01T10:00:00.124+01:00", False),
        (None, None, True),
        (None, "2026-05-01T10:00:00Z", False),
        ("unreadable", "2026-05-01T10:00:00Z", False),
    ],
)
def test_same_instant(one: str | None, other: str | None, same: bool) -> None:
    assert same_instant(one, other) is same


@pytest.mark.parametrize(
    "text", ["", "2026", "20", "x", "2026-02-30", "9999-12-31T23:59-14:00", "٢"]
)
def test_unreadable(text: str) -> None:
    with pytest.raises(ValueError):
        parse_instant(text)


def test_batches_never_go_back_and_eras_never_meet() -> None:
    now = dt.datetime(2026, 5, 1, 10, 0, 0, 999)  # noqa: DTZ001
    whole = now.replace(microsecond=0)
    assert batch_time(now, None, makes_era=True) == whole
    assert batch_time(now, whole, makes_era=False) == whole
    assert batch_time(now, whole, makes_era=True) == whole + dt.timedelta(seconds=1)
    later = whole + dt.timedelta(hours=1)
    assert batch_time(now, later, makes_era=False) == later
    assert batch_time(now, later, makes_era=True) == later + dt.timedelta(seconds=1)
    assert era_text(whole) == "2026-05-01T10:00:00Z"


def test_chains() -> None:
    predecessors = {1: None, 2: 1, 3: 2, 4: None, 5: 99, 6: 7, 7: 6}
    assert with_predecessors([3], predecessors) == {1, 2, 3}
    assert with_predecessors([5], predecessors) == {5}
    assert with_predecessors([6], predecessors) == {6, 7}
    assert with_predecessors([], predecessors) == set()
