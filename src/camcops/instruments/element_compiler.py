# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile page elements: each key by its shape, questions with their words and choices."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from camcops.instruments.choices import ChoiceSet, ChoiceSets, check_choices
from camcops.instruments.compiling import Compiling, FieldRef, Text
from camcops.instruments.element_kinds import STYLES, ElementKind, kind_of
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.expansion import expand, is_expansion
from camcops.instruments.model import Field, Instrument
from camcops.instruments.names import TYPES as _TYPES
from camcops.instruments.pages import Action, Cell, Element, Row, RowGroup, SecondColumn
from camcops.instruments.shapes import Leaf, Map, Shape, flag
from camcops.instruments.yaml_reader import line_of

_READ_APART = frozenset(
    {"when", "style", "required", "ask", "hint", "clears", "choices", "also", "do"}
)
_CONTAINERS = frozenset({"group", "flow", "each", "columns", "rows"})
_NOTHING_ASKED = frozenset({"no", False})


class ElementCompiler:
    """Compiles the elements of one instrument."""

    def __init__(self, instrument: Instrument, choice_sets: ChoiceSets) -> None:
        self._instrument = instrument
        self._choice_sets = choice_sets

    def elements(self, entries: Any, at: Compiling) -> tuple[Element, ...]:
        found: list[Element] = []
        for index, entry in enumerate(entries):
            found.extend(self._one(entry, at, line_of(entries, index)))
        return tuple(found)

    def _one(self, entry: Any, at: Compiling, line: int) -> Sequence[Element]:
        """One entry: several elements if it repeats (`each: {n: …}`), else one; none if it is faulty."""
        name, kind = kind_of(entry)
        if kind is None or name is None:
            return ()
        if isinstance(entry, str):
            return (Element(name, line, keys={"speaks": "you"} if name == "respondent" else {}),)
        if name == "each":
            return self._each(entry, at, line)
        if isinstance(entry.get("each"), Mapping):
            copies = at.repeated({k: v for k, v in entry.items() if k != "each"}, entry["each"])
            return [one for copy in copies for one in self._one(copy, at, line)]
        if name in _CONTAINERS:
            return (self._container(name, entry, at, line),)
        return (self._plain(name, kind, entry, at, line),)

    def _each(self, entry: Any, at: Compiling, line: int) -> Sequence[Element]:
        each = entry["each"]
        if isinstance(each, Mapping):
            inner = [
                element
                for copy in at.repeated(entry["elements"], each)
                for element in self.elements(copy, at)
            ]
            return (Element("group", line, elements=tuple(inner), **self._shown(entry, at)),)
        table = str(each)
        if table not in self._instrument.tables:
            at.fault(line, f"{table} is no child table")
            return ()
        inside = self.elements(entry["elements"], at.at_row(table))
        return (Element("each", line, table=table, elements=inside, **self._shown(entry, at)),)

    def _shown(self, entry: Mapping[str, Any], at: Compiling) -> dict[str, Any]:
        return {"when": at.optional_condition(entry, "when"), "style": self._style(entry, at)}

    def _style(self, entry: Mapping[str, Any], at: Compiling) -> frozenset[str]:
        given = entry.get("style", ())
        styles = frozenset([given] if isinstance(given, str) else given)
        for unknown in sorted(map(str, styles - STYLES)):
            at.fault(line_of(entry, "style"), f"there is no style {unknown!r}")
        return styles

    def _container(self, name: str, entry: Mapping[str, Any], at: Compiling, line: int) -> Element:
        shown = self._shown(entry, at)
        keys: dict[str, Any] = {}
        if "widths" in entry:
            keys["widths"] = tuple(entry["widths"])
        if "headings" in entry:
            titles = entry["headings"]
            keys["headings"] = tuple(at.text(t, line_of(titles, i)) for i, t in enumerate(titles))
        if name == "columns":
            cells = tuple(Cell(self.elements(cell, at)) for cell in entry["columns"])
            return Element(name, line, cells=cells, keys=keys, **shown)
        if name == "rows":
            groups = self._row_groups(entry["rows"], at)
            return Element(name, line, row_groups=groups, keys=keys, **shown)
        return Element(name, line, elements=self.elements(entry[name], at), keys=keys, **shown)

    def _row_groups(self, entries: Any, at: Compiling) -> tuple[RowGroup, ...]:
        groups: list[RowGroup] = []
        for index, entry in enumerate(entries):
            if not isinstance(entry, Mapping):
                groups.append(RowGroup(None, (self._cells(entry, at),)))
                continue
            each = entry.get("each")
            if isinstance(each, Mapping):
                for rows in at.repeated(entry["rows"], each):
                    groups.append(RowGroup(None, tuple(self._cells(row, at) for row in rows)))
            elif each in self._instrument.tables:
                inside = at.at_row(str(each))
                cells = tuple(self._cells(row, inside) for row in entry["rows"])
                groups.append(RowGroup(str(each), cells))
            else:
                at.fault(line_of(entries, index), f"{each} is no child table")
        return tuple(groups)

    def _cells(self, row: Any, at: Compiling) -> tuple[Cell, ...]:
        """The cells of a row: each one element, or a list of them."""
        return tuple(
            Cell(self.elements(cell, at) if isinstance(cell, list) else self.elements([cell], at))
            for cell in row
        )

    def _plain(
        self, name: str, kind: ElementKind, entry: Mapping[str, Any], at: Compiling, line: int
    ) -> Element:
        keys = {
            key: self._key(kind.all_keys[key], entry[key], at, line_of(entry, key, line))
            for key in entry
            if key in kind.keys and key not in _READ_APART
        }
        value, here = entry[name], line_of(entry, name, line)
        common: dict[str, Any] = {**self._shown(entry, at), "keys": keys}
        if "do" in entry:
            common["action"] = self._action(entry["do"], at)
        if name == "list":
            return Element(name, line, text=at.text(value, here), **common)
        if kind.question:
            return self._question(name, kind, entry, at, here, common)
        if kind.value is Leaf.TEXT:
            return Element(name, line, text=at.text(value, here), **common)
        if name == "respondent":
            keys["speaks"] = value if isinstance(value, str) and value != "yes" else "you"
        elif name not in ("line", "space", "clinician"):
            keys["value"] = value
        return Element(name, line, **common)

    def _question(
        self,
        name: str,
        kind: ElementKind,
        entry: Mapping[str, Any],
        at: Compiling,
        line: int,
        common: dict[str, Any],
    ) -> Element:
        common["required"] = at.optional_condition(entry, "required")
        common["hint"] = at.optional_text(entry, "hint")
        common["clears"] = at.fields(entry["clears"], line) if "clears" in entry else ()
        choices = self._choices(entry, at, line)
        if kind.value is Leaf.FIELDS:
            rows = self._rows(name, entry, choices, at, line)
            also = self._also(entry["also"], rows, at) if "also" in entry else None
            return Element(name, line, choices=choices, rows=rows, also=also, **common)
        field = at.field(entry[name], line)
        if field is None:
            return Element(name, line, **common)
        if choices is not None:
            check_choices(choices, self._field(field), at, line)
        ask = self._ask(entry.get("ask", field.name), at, line)
        return Element(name, line, field=field, choices=choices, ask=ask, **common)

    def _choices(self, entry: Mapping[str, Any], at: Compiling, line: int) -> ChoiceSet | None:
        if "choices" not in entry:
            return None
        return self._choice_sets.find(str(entry["choices"]), at, line_of(entry, "choices", line))

    def _field(self, ref: FieldRef) -> Field:
        if ref.table is not None:
            return self._instrument.tables[ref.table].fields[ref.name]
        return self._instrument.all_fields[ref.name]

    def _ask(self, value: Any, at: Compiling, line: int) -> Text | None:
        return None if value in _NOTHING_ASKED else at.text(value, line)

    def _asks(
        self, value: Any, fields: Sequence[FieldRef], at: Compiling, line: int
    ) -> list[Text | None]:
        """The words of each field: of its own name, or walked in step with `ask:`."""
        if value is None:
            return [self._ask(ref.name, at, line) for ref in fields]
        if isinstance(value, str) and is_expansion(value):
            try:
                value = expand(value)
            except LanguageError as error:
                at.language_fault(line, error)
                value = "no"
        if not isinstance(value, list):
            return [self._ask(value, at, line)] * len(fields)
        if len(value) != len(fields):
            at.fault(line, f"ask: has {len(value)} texts for {len(fields)} fields")
            return [None] * len(fields)
        return [self._ask(item, at, line) for item in value]

    def _rows(
        self,
        name: str,
        entry: Mapping[str, Any],
        choices: ChoiceSet | None,
        at: Compiling,
        line: int,
    ) -> tuple[Row, ...]:
        fields = at.fields(entry[name], line)
        asks = self._asks(entry.get("ask"), fields, at, line_of(entry, "ask", line))
        optional = set(at.fields(entry["optional"], line)) if "optional" in entry else set()
        others: dict[FieldRef, ChoiceSet | None] = {}
        for set_name, refs in entry.get("other_choices", {}).items():
            other = self._choice_sets.find(str(set_name), at, line)
            others.update(dict.fromkeys(at.fields(refs, line), other))
        rows = [
            Row(ref, ask, others.get(ref, choices), ref not in optional)
            for ref, ask in zip(fields, asks, strict=True)
        ]
        for row in rows:
            if row.choices is not None:
                check_choices(row.choices, self._field(row.field), at, line)
        return tuple(rows)

    def _also(self, entry: Mapping[str, Any], first: Sequence[Row], at: Compiling) -> SecondColumn:
        line = line_of(entry, "fields")
        choices = self._choices(entry, at, line)
        fields = at.fields(entry["fields"], line)
        if len(fields) != len(first):
            at.fault(line, f"also: has {len(fields)} fields for {len(first)} rows")
        if choices is not None:
            for ref in fields:
                check_choices(choices, self._field(ref), at, line)
        kinds = {_TYPES[self._field(row.field).type] for row in first}
        inside = at
        if len(kinds) == 1:
            inside = at.in_scope(replace(at.scope, this=kinds.pop()))
        return SecondColumn(
            rows=tuple(Row(ref, None, choices) for ref in fields),
            heading=at.optional_text(entry, "heading"),
            required=inside.optional_condition(entry, "required"),
            tick=at.optional_text(entry, "tick"),
            side=entry.get("side", "right"),
        )

    def _action(self, entry: Mapping[str, Any], at: Compiling) -> Action:
        line = entry.line if hasattr(entry, "line") else 0
        table = entry.get("add")
        if table is not None and table not in self._instrument.tables:
            at.fault(line_of(entry, "add", line), f"{table} is no child table")
        changes = entry.get("set", {})
        for column in changes:
            child = self._instrument.tables.get(str(table))
            if child is None or column not in child.fields:
                at.fault(line_of(changes, column, line), f"{column} is no field of {table}")
        if ("delete" in entry or "move" in entry) and at.scope.row is None:
            at.fault(line, "delete and move need a row at hand (inside each: of a child table)")
        return Action(
            fill=at.fields(entry["fill"], line) if "fill" in entry else (),
            value=at.optional_expression(entry, "with"),
            add=table,
            columns={str(c): at.expression(s, line_of(changes, c)) for c, s in changes.items()},
            unless=at.optional_condition(entry, "unless"),
            say=at.optional_text(entry, "say"),
            deletes_row="delete" in entry,
            move=int(entry.get("move", 0)),
        )

    def _key(self, shape: Shape, value: Any, at: Compiling, line: int) -> Any:
        """A key that is read by its shape alone."""
        if isinstance(shape, Leaf) and shape in _BY_LEAF:
            return _BY_LEAF[shape](at, value, line)
        if isinstance(shape, Map) and shape.rest is Leaf.TEXT:
            return {key: at.text(text, line_of(value, key, line)) for key, text in value.items()}
        if shape is Leaf.FILES:
            return tuple(at.names(value, line))
        return value


def _ask_key(at: Compiling, value: Any, line: int) -> Text | None:
    return None if value in _NOTHING_ASKED else at.text(value, line)


_BY_LEAF: Mapping[Leaf, Callable[[Compiling, Any, int], Any]] = {
    Leaf.TEXT: lambda at, value, line: at.text(value, line),
    Leaf.ASK: _ask_key,
    Leaf.EXPRESSION: lambda at, value, line: at.expression(value, line),
    Leaf.CONDITION: lambda at, value, line: at.condition(value, line),
    Leaf.FIELD: lambda at, value, line: at.field(value, line),
    Leaf.FIELDS: lambda at, value, line: at.fields(value, line),
    Leaf.FLAG: lambda at, value, line: flag(value),
    Leaf.NUMBERS: lambda at, value, line: tuple(value if isinstance(value, list) else [value]),
}
