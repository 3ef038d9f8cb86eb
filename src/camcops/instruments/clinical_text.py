# SPDX-License-Identifier: GPL-3.0-or-later
"""What an instrument says in the clinical notes."""

from collections.abc import Iterator

from camcops.instruments.evaluate import reading_of
from camcops.instruments.language.environment import Environment
from camcops.instruments.language.words import StringRef, Words
from camcops.instruments.model import Instrument
from camcops.instruments.outputs import ClinicalText
from camcops.instruments.results import Record, Results

INCOMPLETE = Words.of(StringRef("ui", "incomplete"))


def clinical_text(instrument: Instrument, record: Record, results: Results) -> list[Words]:
    """The entries for a record; if it is incomplete and none applies, the standard one.

    Of an instrument whose clinical text is its whole report (`clinical_report`), only the standard entry:
    the report is the documents' affair.
    """
    outputs = instrument.definition.outputs
    if not outputs.clinical_text and not outputs.clinical_report:
        return []
    reading = reading_of(instrument, record, results)
    entries = [
        words
        for entry in outputs.clinical_text
        for words in _entries(entry, reading.environment, results.is_complete)
    ]
    if not entries and not results.is_complete:
        return [INCOMPLETE]
    return entries


def _entries(entry: ClinicalText, environment: Environment, complete: bool) -> Iterator[Words]:
    for at in environments(entry.table, environment):
        if complete if entry.when is None else entry.when.holds(at):
            yield entry.text.words(at)


def environments(table: str | None, environment: Environment) -> Iterator[Environment]:
    """The record; or, of what stands once for each row of a table, the record at each row."""
    if table is None:
        yield environment
        return
    for index in range(len(environment.rows.get(table, ()))):
        yield environment.at_row(table, index)
