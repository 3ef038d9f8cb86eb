# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile `fhir`, `report` and `reports`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from camcops.instruments.choices import ChoiceSets
from camcops.instruments.compiling import Compiling
from camcops.instruments.element_compiler import ElementCompiler
from camcops.instruments.language.scope import Symbol, SymbolKind
from camcops.instruments.language.types import TEXT
from camcops.instruments.model import Instrument
from camcops.instruments.outputs import (
    Conditions,
    Fhir,
    Observation,
    Percentages,
    Report,
    ServerReport,
    SummaryLine,
)
from camcops.instruments.yaml_reader import line_of


class ReportCompiler:
    """Compiles what shapes documents, FHIR resources and the server's reports of one instrument."""

    def __init__(
        self,
        instrument: Instrument,
        scores: Mapping[str, Any],
        choice_sets: ChoiceSets,
        elements: ElementCompiler,
        at: Compiling,
    ) -> None:
        self._instrument = instrument
        self._scores = scores
        self._choice_sets = choice_sets
        self._elements = elements
        self._at = at

    def fhir(self, entry: Mapping[str, Any]) -> Fhir:
        items = entry.get("items")
        conditions = entry.get("conditions")
        return Fhir(
            items=None if items is None else self._at.fields(items, line_of(entry, "items")),
            observations=tuple(self._observation(one) for one in entry.get("observations", ())),
            conditions=None if conditions is None else self._conditions(conditions),
        )

    def _observation(self, entry: Mapping[str, Any]) -> Observation:
        system, _, code = str(entry["code"]).rpartition("/")
        return Observation(
            name=str(entry["name"]),
            system=system or "loinc",
            code=code,
            display=_text(entry.get("display")),
            value=self._at.expression(entry["value"], line_of(entry, "value")),
            unit=_text(entry.get("unit")),
            when=self._at.optional_condition(entry, "when"),
        )

    def _conditions(self, entry: Mapping[str, Any]) -> Conditions:
        table = entry.get("each")
        at = self._at
        if table is not None and table not in self._instrument.tables:
            at.fault(line_of(entry, "each"), f"{table} is no child table")
            table = None
        if table is not None:
            at = at.at_row(table)
        return Conditions(
            table=table,
            code=at.expression(entry["code"], line_of(entry, "code")),
            system=str(entry["system"]),
            display=at.optional_expression(entry, "display"),
        )

    def report(self, entry: Mapping[str, Any]) -> Report:
        summary, notes = entry.get("summary"), entry.get("notes", ())
        detail = entry.get("detail")
        return Report(
            summary=None if summary is None else self._summary(summary),
            detail=None if detail is None else self._elements.elements(detail, self._at),
            answers=self._answers(entry),
            notes=tuple(self._at.text(note, line_of(notes, i)) for i, note in enumerate(notes)),
            notice=self._at.optional_text(entry, "notice"),
        )

    def _answers(self, entry: Mapping[str, Any]) -> Any:
        """The template of an answer, which knows `{value}` and `{option}`."""
        if "answers" not in entry:
            return None
        facts = {name: Symbol(SymbolKind.FACT, TEXT) for name in ("value", "option")}
        scope = replace(self._at.scope, symbols={**self._at.scope.symbols, **facts})
        return self._at.in_scope(scope).text(entry["answers"], line_of(entry, "answers"))

    def _summary(self, entries: Any) -> tuple[SummaryLine, ...]:
        lines: list[SummaryLine] = []
        for index, entry in enumerate(entries):
            if isinstance(entry, Mapping):
                label = self._at.text(entry["label"], line_of(entry, "label"))
                value = self._at.text(entry["value"], line_of(entry, "value"))
                lines.append(SummaryLine(None, label, value, self._at.optional_text(entry, "note")))
                continue
            here = line_of(entries, index)
            for name in self._at.names(entry, here):
                if name not in self._scores and name != "complete":
                    self._at.fault(here, f"{name} is no score")
                lines.append(SummaryLine(name))
        return tuple(lines)

    def reports(self, entries: Any) -> tuple[ServerReport, ...]:
        return tuple(self._server_report(entry) for entry in entries)

    def _server_report(self, entry: Mapping[str, Any]) -> ServerReport:
        at = self._at
        line = line_of(entry, "id")
        average = at.names(entry.get("average", []), line_of(entry, "average", line))
        for name in average:
            if name not in self._scores:
                at.fault(line_of(entry, "average", line), f"{name} is no score")
        return ServerReport(
            id=str(entry["id"]),
            title=at.text(entry["title"], line_of(entry, "title")),
            average=tuple(average),
            better=entry.get("better"),
            percentages=tuple(self._percentages(one) for one in entry.get("percentages", ())),
            texts=at.fields(entry["texts"], line_of(entry, "texts")) if "texts" in entry else (),
        )

    def _percentages(self, entry: Mapping[str, Any]) -> Percentages:
        line = line_of(entry, "fields")
        choices = None
        if "choices" in entry:
            choices = self._choice_sets.find(str(entry["choices"]), self._at, line)
        return Percentages(self._at.fields(entry["fields"], line), choices)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
