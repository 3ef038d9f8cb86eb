# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile what comes out of an instrument: trackers, alerts, clinical text, SNOMED CT expressions."""

from collections.abc import Mapping
from typing import Any

from camcops.instruments.compiling import Compiling, Expression, Text
from camcops.instruments.language.definitions import Definitions
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.expansion import expand_key
from camcops.instruments.language.tree import Bands
from camcops.instruments.language.types import INTEGER
from camcops.instruments.model import Instrument
from camcops.instruments.outputs import (
    Alert,
    Attributes,
    Axis,
    Band,
    ClinicalText,
    Concept,
    Outputs,
    SnomedExpression,
    Tracker,
)
from camcops.instruments.structure import located_substitute
from camcops.instruments.yaml_reader import line_of


class OutputCompiler:
    """Compiles the outputs of one instrument."""

    def __init__(self, instrument: Instrument, definitions: Definitions, at: Compiling) -> None:
        self._instrument = instrument
        self._definitions = definitions
        self._at = at

    def outputs(self) -> Outputs:
        raw = self._instrument.raw
        clinical = raw.get("clinical_text", ())
        return Outputs(
            trackers=tuple(self._tracker(entry) for entry in raw.get("trackers", ())),
            alerts=tuple(self._alert(entry) for entry in raw.get("alerts", ())),
            clinical_text=() if clinical == "report" else self._clinical_text(clinical),
            clinical_report=clinical == "report",
            snomed=tuple(self._snomed(raw.get("snomed", ()))),
        )

    def _alert(self, entry: Mapping[str, Any]) -> Alert:
        return Alert(
            self._at.condition(entry["when"], line_of(entry, "when")),
            self._at.text(entry["say"], line_of(entry, "say")),
        )

    def _clinical_text(self, entry: Any) -> tuple[ClinicalText, ...]:
        if not isinstance(entry, list | tuple):
            line = line_of(self._instrument.raw, "clinical_text")
            return (ClinicalText(self._at.text(entry, line), None, None),)
        found: list[ClinicalText] = []
        for item in entry:
            at, table = self._each(item)
            when = at.optional_condition(item, "when")
            found.append(ClinicalText(at.text(item["text"], line_of(item, "text")), when, table))
        return tuple(found)

    def _each(self, entry: Mapping[str, Any]) -> tuple[Compiling, str | None]:
        table = entry.get("each")
        if table is None:
            return self._at, None
        if table not in self._instrument.tables:
            self._at.fault(line_of(entry, "each"), f"{table} is no child table")
            return self._at, None
        return self._at.at_row(table), str(table)

    # --- trackers

    def _tracker(self, entry: Mapping[str, Any]) -> Tracker:
        at, lines, labels = self._at, entry.get("lines", ()), entry.get("labels", {})
        value = at.expression(entry["value"], line_of(entry, "value"))
        if not value.type.is_numeric and value.type.word != "missing":
            at.fault(value.line, f"a tracker shows a number, not {value.type}", value.source)
        return Tracker(
            value=value,
            title=at.text(entry["title"], line_of(entry, "title")),
            axis=self._axis(entry.get("axis", {})),
            lines=tuple(at.expression(one, line_of(lines, i)) for i, one in enumerate(lines)),
            labels=tuple(
                (at.expression(key, line_of(labels, key)), at.text(text, line_of(labels, key)))
                for key, text in labels.items()
            ),
            bands=self._bands(entry["bands"], line_of(entry, "bands")) if "bands" in entry else (),
            aspect=float(entry.get("aspect", 2)),
            when=at.optional_condition(entry, "when"),
        )

    def _axis(self, entry: Mapping[str, Any]) -> Axis:
        ticks = entry.get("ticks")
        at = ticks if isinstance(ticks, Mapping) else {}
        return Axis(
            label=self._at.optional_text(entry, "label"),
            minimum=entry.get("min"),
            maximum=entry.get("max"),
            tick_step=ticks if isinstance(ticks, int | float) else None,
            ticks={float(key): self._at.text(text, line_of(at, key)) for key, text in at.items()},
        )

    def _bands(self, name: str, line: int) -> tuple[Band, ...]:
        """The bands of a score or definition: its bounds, less half a step where it counts in integers."""
        known = self._definitions.entries.get(name)
        node = known.node if known else None
        if not isinstance(node, Bands):
            self._at.fault(line, f"{name} has no bands")
            return ()
        step = 0.5 if node.value.type == INTEGER else 0.0
        bands = [Band(None, Text(name, node.below, line))] if node.below else []
        for index, bound in enumerate(node.steps):
            shift = step if not bound.open else -step
            lowest = index == 0 and node.below is None
            lower = None if lowest else bound.bound - shift
            bands.append(Band(lower, Text(name, bound.result, line)))
        return tuple(bands)

    # --- SNOMED CT

    def _snomed(self, entries: Any) -> list[SnomedExpression]:
        found: list[SnomedExpression] = []
        for item in entries:
            if isinstance(item, str):
                found.append(SnomedExpression(item))
                continue
            at, table = self._each(item)
            when = at.optional_condition(item, "when")
            if "map" in item:
                mapped = at.expression(item["code"], line_of(item, "code"))
                code_map = str(item["map"])
                found.append(
                    SnomedExpression("", when, table=table, code_map=code_map, mapped=mapped)
                )
                continue
            attributes = self._attributes(item.get("with", {}), at)
            groups = tuple(self._attributes(group, at) for group in item.get("groups", ()))
            found.append(SnomedExpression(str(item["code"]), when, attributes, groups, table))
        return found

    def _attributes(self, entries: Mapping[Any, Any], at: Compiling) -> Attributes:
        found: list[tuple[str, tuple[Expression | Concept, ...]]] = []
        for key, value in entries.items():
            line = line_of(entries, key)
            try:
                names = expand_key(str(key))
            except LanguageError as error:
                at.language_fault(line, error)
                continue
            for index, (name, bindings) in enumerate(names):
                given = located_substitute(value, bindings)
                if len(names) > 1 and isinstance(given, list) and len(given) == len(names):
                    given = given[index]
                values = given if isinstance(given, list) else [given]
                found.append((name, tuple(self._attribute(one, at, line) for one in values)))
        return tuple(found)

    def _attribute(self, value: Any, at: Compiling, line: int) -> Expression | Concept:
        if isinstance(value, Mapping):
            return Concept(str(value["concept"]))
        return at.expression(value, line)
