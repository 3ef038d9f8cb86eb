# SPDX-License-Identifier: GPL-3.0-or-later
"""Score a record: completeness, validity, scores, alerts."""

from datetime import datetime

from camcops.instruments.loader import COMPLETE
from camcops.instruments.model import Instrument
from camcops.instruments.reading import Reading, read_record
from camcops.instruments.results import PatientFacts, Record, Results

__all__ = ["PatientFacts", "Record", "Results", "evaluate", "reading_of", "seconds_to_first_finish"]


def evaluate(instrument: Instrument, record: Record) -> Results:
    """Results of a record, whatever it holds. An unfinished instrument gives incomplete, and no scores."""
    reading = read_record(instrument, record)
    environment = reading.environment
    computed = environment.computed
    alerts = () if not instrument.finished else instrument.definition.outputs.alerts
    return Results(
        is_complete=bool(computed[COMPLETE]),
        valid=not reading.invalid,
        invalid=reading.invalid,
        scores={name: computed[name] for name in instrument.scores},
        alerts=tuple(
            alert.say.words(environment) for alert in alerts if alert.when.holds(environment)
        ),
        reading=reading,
    )


def reading_of(instrument: Instrument, record: Record, results: Results | None) -> Reading:
    """The reading behind results, made afresh where they were stored without it."""
    if results is not None and results.reading is not None:
        return results.reading
    return read_record(instrument, record)


def seconds_to_first_finish(
    created: datetime | None, first_exit: datetime | None, is_finish: bool | None
) -> float | None:
    """Seconds from creation until the form was first left; missing unless it was left as finished."""
    if created is None or first_exit is None or not is_finish:
        return None
    return (first_exit - created).total_seconds()
