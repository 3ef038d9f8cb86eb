# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a task: each score with its range, and the band in which it lies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from math import isfinite

from camcops.documents.moments import date_text, instant
from camcops.documents.phrases import number_text
from camcops.documents.tree import Bar, BarBand, Inline, ScoreLine, plain, text_of
from camcops.documents.wording import Wording
from camcops.instruments.compiling import Text
from camcops.instruments.definition import Score
from camcops.instruments.language.environment import Environment
from camcops.instruments.language.numbers import to_fixed
from camcops.instruments.language.tree import Bands, Reference
from camcops.instruments.language.types import WORDING, WORDS
from camcops.instruments.language.words import Words
from camcops.instruments.outputs import SummaryLine
from camcops.instruments.results import Results, ScoreValue

_LEAST_RANGE = 10
"""A range of fewer steps is read faster than a bar of it."""
_UNKNOWN = "?"


@dataclass(frozen=True)
class _Grading:
    """What grades a score: the name of the definition, and its bands."""

    name: str
    bands: Bands


class ScoreWriter:
    """Writes the lines of one record's summary; `env` is its record with texts escaped."""

    def __init__(self, wording: Wording, env: Environment, results: Results) -> None:
        self._wording = wording
        self._env = env
        self._results = results
        self._definition = wording.instrument.definition
        self._doubtful = not (results.is_complete and results.valid)
        self._gradings = self._find_gradings()

    def lines(self) -> tuple[ScoreLine, ...]:
        """The report's summary; by default each score, those that only grade another beside it."""
        summary = self._definition.form.report.summary
        if summary is not None:
            lines = [line for entry in summary for line in self._line(entry)]
            values = {text_of(line.value) for line in lines}
            return tuple(
                replace(line, band=()) if text_of(line.band) in values else line for line in lines
            )
        beside = {g.name for score, g in self._gradings.items() if g.name != score}
        return tuple(
            self._score(score)
            for name, score in self._definition.scores.items()
            if name not in beside
        )

    def _line(self, entry: SummaryLine) -> Iterator[ScoreLine]:
        if entry.score is not None:
            if entry.score in self._definition.scores:
                yield self._score(self._definition.scores[entry.score])
            return
        value = self._wording.say(entry.value, self._env)
        missing = text_of(value) in ("", _UNKNOWN)
        yield ScoreLine(
            self._wording.say(entry.label, self._env),
            plain(self._wording.labels["not_available"]) if missing else value,
            note=self._wording.worded(entry.note, self._env),
            missing=missing,
        )

    def _score(self, score: Score) -> ScoreLine:
        wording = self._wording
        value = self._results.scores.get(score.name)
        out_of = score.out_of.value(self._env) if score.out_of is not None else None
        grading = self._gradings.get(score.name)
        missing = value is None
        shown = plain(wording.labels["not_available"]) if missing else self._shown(score, value)
        band = self._band(grading) if grading and not missing else ()
        return ScoreLine(
            label=self._label(score),
            value=shown,
            out_of="" if out_of is None else number_text(out_of),
            band=band,
            bar=self._bar(out_of, value, grading),
            note=wording.worded(score.note, self._env),
            so_far=self._doubtful,
            missing=missing,
        )

    def _label(self, score: Score) -> Inline:
        label = self._wording.worded(score.label, self._env)
        if label:
            return label
        name = score.about or score.name.replace("_", " ")
        return plain(name[:1].upper() + name[1:])

    def _shown(self, score: Score, value: ScoreValue) -> Inline:
        labels = self._wording.labels
        match value:
            case bool():
                return plain(labels["yes" if value else "no"])
            case Words():
                return self._wording.words(value)
            case int() | float():
                exact = score.dp is None
                return plain(number_text(value) if exact else to_fixed(value, score.dp or 0))
            case datetime():
                return plain(instant(value, self._wording.zone).text)
            case date():
                return plain(date_text(value))
            case time():
                return plain(value.strftime("%H:%M"))
            case _:
                return plain(str(value))

    # --- bands

    def _find_gradings(self) -> Mapping[str, _Grading]:
        """Of each score, the definition whose bands are of that score itself."""
        found: dict[str, _Grading] = {}
        for name, entry in self._definition.rules.definitions.entries.items():
            node = entry.node
            if not isinstance(node, Bands) or not isinstance(node.value, Reference):
                continue
            if node.value.name in self._definition.scores and node.type in (WORDS, WORDING):
                found.setdefault(node.value.name, _Grading(name, node))
        return found

    def _band(self, grading: _Grading) -> Inline:
        words = self._env.value(grading.name)
        shown = self._wording.words(words) if isinstance(words, Words) else ()
        return () if text_of(shown) == _UNKNOWN else shown

    def _bar(self, out_of: float | None, value: ScoreValue, grading: _Grading | None) -> Bar | None:
        """A bar needs both ends: the score counts from 0 to what it is out of."""
        if out_of is None or out_of < _LEAST_RANGE:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            return None
        if value is not None and not (isfinite(value) and 0 <= value <= out_of):
            return None
        bands = self._bands(grading.bands, out_of) if grading else ()
        return Bar(0, out_of, value, bands)

    def _bands(self, node: Bands, high: float) -> tuple[BarBand, ...]:
        starts: list[tuple[float, Inline]] = []
        if node.below is not None:
            starts.append((0, self._wording.say(Text("", node.below, 0), self._env)))
        for step in node.steps:
            if step.bound <= high:
                words = self._wording.say(Text("", step.result, 0), self._env)
                starts.append((max(0, step.bound), words))
        ends = [start for start, _ in starts[1:]] + [high]
        return tuple(
            BarBand(start, end, text_of(words))
            for (start, words), end in zip(starts, ends, strict=True)
            if end > start or start == high
        )


def alerts_of(wording: Wording, env: Environment) -> tuple[Inline, ...]:
    """What must be seen at once, in the reader's words."""
    alerts = wording.instrument.definition.outputs.alerts
    return tuple(wording.say(alert.say, env) for alert in alerts if alert.when.holds(env))
