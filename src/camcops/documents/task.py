# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of one stored task."""

from collections.abc import Iterator
from datetime import tzinfo

from camcops.documents.answers import AnswerWriter, allowed_text
from camcops.documents.detail import DetailWriter
from camcops.documents.labels import is_right_to_left, labels, language_tag
from camcops.documents.notices import instrument_notices, record_notices, result_notices
from camcops.documents.patient import created_of, notes_of, patient_of, people_of
from camcops.documents.provenance import provenance_of
from camcops.documents.record_values import StoredValues
from camcops.documents.scores import ScoreWriter, alerts_of
from camcops.documents.structure import structure_sections
from camcops.documents.tree import Inline, Notice, ScoreLine, Section, TaskDocument
from camcops.documents.unanswered import short_question, unanswered
from camcops.documents.wording import Wording, texts_escaped
from camcops.instruments.compiling import FieldRef
from camcops.instruments.language.environment import Environment
from camcops.instruments.pages import Row
from camcops.instruments.reading import Reading, read_record
from camcops.instruments.strings import DEFAULT_LOCALE, Strings
from camcops.records.reading import StoredTask
from camcops.records.scoring import record_of


def task_document(
    stored: StoredTask,
    strings: Strings,
    *,
    locale: str = DEFAULT_LOCALE,
    zone: tzinfo | None = None,
    anonymise: bool = False,
) -> TaskDocument:
    """All that is to be read about a task, in a language.

    `zone` is the reader's: times are shown as they were written, and with their offset where that
    differs. `anonymise` hides who the patient is. Free text stays as it is, whatever it tells.
    """
    instrument = stored.instrument
    words = labels(strings.find, locale)
    wording = Wording(instrument, strings, locale, words, zone)
    notices = (*record_notices(stored, words, zone), *instrument_notices(wording))
    parts = _parts(stored, wording)
    return TaskDocument(
        title=strings.find(instrument.string_set, "_title", locale) or instrument.title,
        short_name=instrument.short_name,
        version=instrument.version,
        language=language_tag(locale),
        direction="rtl" if is_right_to_left(locale) else "ltr",
        landscape=instrument.landscape,
        key=f"{instrument.table} {stored.row['_pk']}",
        created=created_of(stored, zone),
        patient=patient_of(stored, words, anonymise=anonymise),
        labels=words,
        alerts=parts.alerts(),
        notices=(*notices, *parts.notices()),
        special_notes=notes_of(stored, words, zone, anonymise=anonymise),
        people=people_of(stored, words, anonymise=anonymise),
        complete=parts.complete(),
        scores=parts.scores(),
        sections=parts.sections(),
        footnotes=parts.footnotes(),
        provenance=provenance_of(stored, words, zone, anonymise=anonymise),
        signature=instrument.has_clinician,
    )


def _parts(stored: StoredTask, wording: Wording) -> "_Erased":
    if stored.row["_manually_erased"]:
        return _Erased(stored, wording)
    if stored.instrument.finished:
        return _Finished(stored, wording)
    return _Structure(stored, wording)


class _Erased:
    """What can be said of a record whose contents were removed: nothing."""

    def __init__(self, stored: StoredTask, wording: Wording) -> None:
        self.stored = stored
        self.wording = wording
        self.writer = AnswerWriter(wording.labels, wording.zone)

    def alerts(self) -> tuple[Inline, ...]:
        return ()

    def notices(self) -> tuple[Notice, ...]:
        return ()

    def complete(self) -> bool | None:
        return None

    def scores(self) -> tuple[ScoreLine, ...]:
        return ()

    def sections(self) -> tuple[Section, ...]:
        return ()

    def footnotes(self) -> tuple[Inline, ...]:
        return ()


class _Structure(_Erased):
    """What can be said of a record whose instrument has no form yet: its fields as they are stored."""

    def sections(self) -> tuple[Section, ...]:
        stored = self.stored
        return structure_sections(
            stored.instrument, stored.row, stored.rows, stored.blobs, self.writer
        )


class _Finished(_Erased):
    """What a finished instrument says of a record."""

    def __init__(self, stored: StoredTask, wording: Wording) -> None:
        super().__init__(stored, wording)
        self.reading = self._read()
        self.env: Environment = texts_escaped(self.reading.environment)
        self.values = self._values()

    def _read(self) -> Reading:
        """A reading of this document's own: what it changes for showing must not reach the results'."""
        stored = self.stored
        patient = stored.patient.row if stored.patient else None
        record = record_of(stored.instrument, stored.row, stored.rows, patient)
        return read_record(stored.instrument, record)

    def _values(self) -> StoredValues:
        own = self.stored.instrument.table
        invalid = frozenset(
            (None if item.table == own else item.table, item.row_number, item.field)
            for item in self.reading.invalid
        )
        return StoredValues(self.stored.row, self.stored.rows, self.stored.blobs, invalid)

    def alerts(self) -> tuple[Inline, ...]:
        return alerts_of(self.wording, self.env)

    def notices(self) -> tuple[Notice, ...]:
        missing = unanswered(self.wording, self.env, self.values, self.reading.path)
        labels = self.wording.labels
        return tuple(result_notices(self.stored, missing, tuple(self._invalid()), labels))

    def _invalid(self) -> Iterator[str]:
        wording = self.wording
        for item in self.reading.invalid:
            own = item.table == self.stored.instrument.table
            ref = FieldRef(None if own else item.table, item.field)
            env = self.env
            if item.row_number is not None:
                env = env.at_row(item.table, item.row_number - 1)
            question = short_question(Row(ref, None, None), wording, env)
            allowed = allowed_text(wording.field(ref), wording.labels)
            name = "invalid_answer" if allowed else "invalid_answer_plain"
            yield wording.labels[name].format(question=question, value=item.value, allowed=allowed)

    def complete(self) -> bool | None:
        """Not said where the report has no summary; that something is missing is said above in any case."""
        results = self.stored.results
        if results is None:
            return None
        silent = self.stored.instrument.definition.form.report.summary == ()
        return None if silent and results.is_complete else results.is_complete

    def scores(self) -> tuple[ScoreLine, ...]:
        if self.stored.results is None:
            return ()
        return ScoreWriter(self.wording, self.env, self.stored.results).lines()

    def sections(self) -> tuple[Section, ...]:
        return DetailWriter(
            self.wording, self.env, self.values, self.writer, self.reading.path
        ).sections()

    def footnotes(self) -> tuple[Inline, ...]:
        report = self.stored.instrument.definition.form.report
        texts = (*report.notes, *((report.notice,) if report.notice else ()))
        notes = (self.wording.worded(text, self.env) for text in texts)
        return tuple(note for note in notes if note)
