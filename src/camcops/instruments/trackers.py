# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that an instrument charts over time."""

from camcops.instruments.evaluate import reading_of
from camcops.instruments.model import Instrument
from camcops.instruments.results import Record, Results


def trackers(instrument: Instrument, record: Record, results: Results) -> list[float | None]:
    """One value for each tracker, None where it isn't drawn."""
    if not instrument.definition.outputs.trackers:
        return []
    environment = reading_of(instrument, record, results).environment
    values: list[float | None] = []
    for tracker in instrument.definition.outputs.trackers:
        if tracker.when is not None and not tracker.when.holds(environment):
            values.append(None)
            continue
        value = tracker.value.value(environment)
        values.append(int(value) if isinstance(value, bool) else value)
    return values
