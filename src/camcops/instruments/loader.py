# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile a definition whose structure has been read: rules, outputs and form, with all their faults."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from camcops.instruments.choices import ChoiceSet, ChoiceSets
from camcops.instruments.compiling import Compiling, Expression, FieldRef, Text
from camcops.instruments.definition import Definition, Form, Rules, Scale, Score
from camcops.instruments.element_compiler import ElementCompiler
from camcops.instruments.faults import Fault, Faults
from camcops.instruments.grammar import INSTRUMENT
from camcops.instruments.labels import InstrumentLabels
from camcops.instruments.language.definitions import Definitions, Source, Use, define
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.scope import Scope
from camcops.instruments.language.tree import Bands, Node, Reference
from camcops.instruments.language.types import unify
from camcops.instruments.model import Instrument
from camcops.instruments.names import TYPES, scope_of
from camcops.instruments.output_compiler import OutputCompiler
from camcops.instruments.outputs import Outputs
from camcops.instruments.page_compiler import PageCompiler
from camcops.instruments.pages import Page
from camcops.instruments.report_compiler import ReportCompiler
from camcops.instruments.shapes import Checker
from camcops.instruments.structure import expanded_entries
from camcops.instruments.yaml_reader import YamlMap, line_of

if TYPE_CHECKING:
    from camcops.instruments.library import Library

T = TypeVar("T")

_SHOWN_ONLY = frozenset({"label", "out_of", "dp", "note", "about"})
COMPLETE = "complete"


def compile_definition(instrument: Instrument, library: "Library") -> Definition:
    """The definition of an instrument; its parts are compiled when asked for."""
    return Definition(instrument.table, Loader(instrument, library))


class Loader:
    """Compiles the parts of one definition."""

    def __init__(self, instrument: Instrument, library: "Library") -> None:
        self._instrument = instrument
        self._library = library

    @property
    def _path(self) -> Path:
        return self._instrument.path

    def find_faults(self, faults: Faults) -> None:
        """All faults: of the shape first; only a well-shaped definition is compiled."""
        before = len(faults)
        Checker(self._path, faults).map(INSTRUMENT, self._instrument.raw, 1, "the definition")
        if len(faults) > before:
            return
        rules = self.rules(faults)
        if rules.definitions.entries or len(faults) == before:
            self.outputs(rules, faults)
            self.form(rules, faults)

    # --- rules

    def rules(self, faults: Faults) -> Rules:
        """Definitions, scores and completeness, typed and compiled."""
        raw = self._instrument.raw
        tallies = tuple(map(str, raw.get("walk", {}).get("tallies", ())))
        lines: dict[tuple[str | None, str], int] = {}
        sources = list(self._sources(faults, lines))
        definitions = self._define(sources, tallies, faults, lines)
        at = Compiling(self._path, faults, definitions.scope)
        scores = MappingProxyType(dict(self._scores(definitions, at, faults)))
        return Rules(definitions, scores, tallies, at)

    def _sources(
        self, faults: Faults, lines: dict[tuple[str | None, str], int]
    ) -> Iterator[Source]:
        raw = self._instrument.raw
        parts: list[tuple[Any, Use, str | None]] = [
            (raw.get("define", {}), Use.DEFINE, None),
            (raw.get("scores", {}), Use.SCORE, None),
        ]
        for table in self._instrument.tables.values():
            parts.append((table.define, Use.DEFINE, table.name))
        for entries, use, table_name in parts:
            for name, entry, line in expanded_entries(entries, self._path, faults):
                lines[table_name, name] = line
                yield Source(name, score_rule(entry), use, table_name)
        lines[None, COMPLETE] = line_of(raw, COMPLETE)
        yield Source(COMPLETE, _flag_of(raw.get(COMPLETE, False)), Use.CONDITION)

    def _define(
        self,
        sources: list[Source],
        tallies: tuple[str, ...],
        faults: Faults,
        lines: Mapping[tuple[str | None, str], int],
    ) -> Definitions:
        try:
            scope = scope_of(self._instrument, tallies)
        except LanguageError as error:
            faults.add(Fault(self._path, 0, error.message, error.source or None))
            return define([], Scope({}))
        try:
            return define(sources, scope)
        except LanguageError as error:
            line = _line_of_error(error, sources, lines)
            faults.add(Fault(self._path, line, error.message, error.source or None))
            return define([], scope)

    def _scores(
        self, definitions: Definitions, at: Compiling, faults: Faults
    ) -> Iterator[tuple[str, Score]]:
        entries = self._instrument.raw.get("scores", {})
        dealt = ("label", "about")
        for name, entry, line in expanded_entries(entries, self._path, faults, dealt=dealt):
            known = definitions.entries.get(name)
            if known is None:
                continue
            shown = entry if isinstance(entry, dict) else YamlMap(line, False)
            yield (
                name,
                Score(
                    name=name,
                    type=known.type,
                    label=at.optional_text(shown, "label"),
                    out_of=at.optional_expression(shown, "out_of"),
                    dp=shown.get("dp"),
                    note=at.optional_text(shown, "note"),
                    about=None if "about" not in shown else str(shown["about"]),
                    from_procedure=shown.get("from") == "procedure",
                    scale=_scale(known.node, line),
                ),
            )

    # --- outputs and form

    def outputs(self, rules: Rules, faults: Faults) -> Outputs:
        """Trackers, alerts, clinical text and SNOMED CT expressions."""
        at = Compiling(self._path, faults, rules.definitions.scope)
        return OutputCompiler(self._instrument, rules.definitions, at).outputs()

    def form(self, rules: Rules, faults: Faults) -> Form:
        """Pages, FHIR, report and reports."""
        raw = self._instrument.raw
        at = Compiling(self._path, faults, rules.definitions.scope.for_forms())
        own = expanded_entries(raw.get("choices", {}), self._path, faults)
        choices = {name: (entry, line) for name, entry, line in own}
        choice_sets = ChoiceSets(choices, self._library.shared_choices)
        elements = ElementCompiler(self._instrument, choice_sets)
        tallies = frozenset(rules.tallies)
        pages = PageCompiler(self._instrument, elements, tallies).pages(raw.get("pages", ()), at)
        reports = ReportCompiler(self._instrument, rules.scores, choice_sets, elements, at)
        options, asks = _asked(pages)
        asks.update(self._of_fields(at, "label", Compiling.text))
        derived = self._of_fields(at, "derive", Compiling.expression)
        self._check_derived(derived, at)
        return Form(
            pages=pages,
            fhir=reports.fhir(raw.get("fhir", {})),
            report=reports.report(raw.get("report", {})),
            reports=reports.reports(raw.get("reports", ())),
            options=MappingProxyType(options),
            asks=MappingProxyType(asks),
            defaults=self._of_fields(at, "default", Compiling.expression),
            derived=derived,
            used_choices=frozenset(choice_sets.used),
        )

    def _of_fields(
        self, at: Compiling, key: str, make: Callable[[Compiling, Any, int], T]
    ) -> dict[FieldRef, T]:
        """What each field that has this key says under it, compiled."""
        found: dict[FieldRef, T] = {}
        own = (None, at, self._instrument.fields)
        children = [(t.name, at.at_row(t.name), t.fields) for t in self._instrument.tables.values()]
        for table, place, fields in (own, *children):
            for field in fields.values():
                source = getattr(field, key)
                if source is not None:
                    found[FieldRef(table, field.name)] = make(place, source, field.line)
        return found

    def _check_derived(self, derived: Mapping[FieldRef, Expression], at: Compiling) -> None:
        for ref, expression in derived.items():
            table = (
                self._instrument.tables[ref.table].fields if ref.table else self._instrument.fields
            )
            wanted = TYPES[table[ref.name].type]
            if unify(wanted, expression.type) != wanted and not (
                wanted.is_numeric and expression.type.is_numeric
            ):
                says = f"{ref.name} is {wanted}, but derived from {expression.type}"
                at.fault(expression.line, says, expression.source)

    def labels(self, definition: Definition) -> InstrumentLabels:
        return InstrumentLabels(self._instrument, definition, self._library.strings)


def _asked(
    pages: tuple[Page, ...],
) -> tuple[dict[FieldRef, ChoiceSet], dict[FieldRef, Text]]:
    """Of each field, the choices and the words with which it is first asked."""
    options: dict[FieldRef, ChoiceSet] = {}
    asks: dict[FieldRef, Text] = {}
    for page in pages:
        for element in page.walk():
            for row in element.asked():
                if row.choices is not None:
                    options.setdefault(row.field, row.choices)
                if row.ask is not None:
                    asks.setdefault(row.field, row.ask)
    return options, asks


def score_rule(entry: Any) -> Any:
    """A score without what only its showing needs."""
    if not isinstance(entry, dict):
        return _flag_of(entry)
    return {key: value for key, value in entry.items() if key not in _SHOWN_ONLY}


def _flag_of(value: Any) -> Any:
    return {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else value


def _scale(node: Node, line: int) -> Scale | None:
    if not isinstance(node, Bands):
        return None
    graded = node.value.name if isinstance(node.value, Reference) else None
    return Scale(
        value=Expression(graded or "", node.value, line),
        graded=graded,
        steps=tuple((s.bound, s.open, Text("", s.result, line)) for s in node.steps),
        below=None if node.below is None else Text("", node.below, line),
    )


def _line_of_error(
    error: LanguageError, sources: list[Source], lines: Mapping[tuple[str | None, str], int]
) -> int:
    """The line of the entry in which the fault stands."""
    for source in sources:
        if source.name == error.entry:
            return _line_within(source.content, error.source) or lines[source.table, source.name]
    return 0


def _line_within(content: Any, text: str) -> int:
    if isinstance(content, dict):
        for key, value in content.items():
            if str(key) == text or (not isinstance(value, dict | list) and str(value) == text):
                return line_of(content, key)
            if inner := _line_within(value, text):
                return inner
    if isinstance(content, list):
        for index, item in enumerate(content):
            if inner := _line_within(item, text):
                return inner
            if str(item) == text:
                return line_of(content, index)
    return 0
