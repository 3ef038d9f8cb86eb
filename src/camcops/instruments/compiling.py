# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn parts of a definition into typed expressions, texts and field references; collect the faults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from camcops.instruments.faults import Fault, Faults
from camcops.instruments.language.compiler import compile_tree
from camcops.instruments.language.environment import Environment
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.expansion import expand, is_expansion
from camcops.instruments.language.parser import parse, parse_condition
from camcops.instruments.language.scope import Scope, SymbolKind
from camcops.instruments.language.text import parse_text
from camcops.instruments.language.tree import Node
from camcops.instruments.language.types import Type
from camcops.instruments.language.words import Words
from camcops.instruments.structure import located_substitute
from camcops.instruments.yaml_reader import line_of


@dataclass(frozen=True, eq=False)
class Expression:
    """A checked expression; `value` evaluates it."""

    source: str
    node: Node
    line: int

    @cached_property
    def run(self) -> Any:
        return compile_tree(self.node)

    @property
    def type(self) -> Type:
        return self.node.type

    def value(self, environment: Environment) -> Any:
        return self.run(environment)

    def holds(self, environment: Environment) -> bool:
        """Its value as a condition: missing is not true."""
        return bool(self.run(environment))


class Text(Expression):
    """A checked Text: `words` puts it together, still language-neutral."""

    def words(self, environment: Environment) -> Words:
        value = self.run(environment)
        return value if isinstance(value, Words) else Words.of("" if value is None else str(value))


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field of the record (`table` None), or of the row at hand of a child table."""

    table: str | None
    name: str

    def __str__(self) -> str:
        return f"row.{self.name}" if self.table else self.name


@dataclass(frozen=True)
class Compiling:
    """Where a part of a definition is compiled: its file, its names, the list of faults."""

    path: Path
    faults: Faults
    scope: Scope

    def at_row(self, table: str) -> "Compiling":
        return replace(self, scope=self.scope.at_row(table))

    def in_scope(self, scope: Scope) -> "Compiling":
        return replace(self, scope=scope)

    def fault(self, line: int, says: str, source: str | None = None) -> None:
        self.faults.add(Fault(self.path, line, says, source))

    def language_fault(self, line: int, error: LanguageError) -> None:
        at = f", at character {error.column}" if error.column else ""
        self.fault(line, f"{error.message}{at}", error.source or None)

    def expression(self, source: Any, line: int) -> Expression:
        """A value; of a faulty one, missing stands in until the faults are raised."""
        try:
            return Expression(str(source), parse(_as_written(source), self.scope), line)
        except LanguageError as error:
            self.language_fault(line, error)
            return Expression(str(source), parse("None", self.scope), line)

    def condition(self, source: Any, line: int) -> Expression:
        """As `expression`, where only true or not true is asked for; flags are accepted."""
        try:
            return Expression(str(source), parse_condition(_as_written(source), self.scope), line)
        except LanguageError as error:
            self.language_fault(line, error)
            return Expression(str(source), parse_condition("False", self.scope), line)

    def text(self, source: Any, line: int) -> Text:
        try:
            return Text(str(source), parse_text(source, self.scope), line)
        except LanguageError as error:
            self.language_fault(line, error)
            return Text(str(source), parse_text("?!", self.scope), line)

    def optional_text(self, container: Mapping[str, Any], key: str) -> Text | None:
        return self.text(container[key], line_of(container, key)) if key in container else None

    def optional_expression(self, container: Mapping[str, Any], key: str) -> Expression | None:
        if key not in container:
            return None
        return self.expression(container[key], line_of(container, key))

    def optional_condition(self, container: Mapping[str, Any], key: str) -> Expression | None:
        if key not in container:
            return None
        return self.condition(container[key], line_of(container, key))

    def names(self, value: Any, line: int) -> list[str]:
        """A list of names, or an expansion, written out."""
        names: list[str] = []
        for item in value if isinstance(value, list) else [value]:
            try:
                names.extend(expand(str(item)))
            except LanguageError as error:
                self.language_fault(line, error)
        return names

    def fields(self, value: Any, line: int) -> tuple[FieldRef, ...]:
        """The fields that a list, an expansion or a group's name stands for."""
        found: list[FieldRef] = []
        for name in self.names(value, line):
            found.extend(self._fields_named(name, line))
        return tuple(found)

    def field(self, value: Any, line: int) -> FieldRef | None:
        """One field; None (and a fault) if it is none."""
        found = self.fields(value, line)
        if len(found) != 1:
            if found:
                self.fault(line, f"{value} must be one field")
            return None
        return found[0]

    def _fields_named(self, name: str, line: int) -> Iterator[FieldRef]:
        row, dot, column = name.partition(".")
        if dot and row == "row" and self.scope.row is not None:
            symbol = self.scope.column(self.scope.row, column)
            if symbol is not None and symbol.kind is SymbolKind.FIELD:
                yield FieldRef(self.scope.row, column)
                return
        found = self.scope.find(name)
        if found is not None and found.kind is SymbolKind.FIELD:
            yield FieldRef(None, name)
        elif found is not None and found.kind is SymbolKind.GROUP:
            for member in found.members:
                yield from self._fields_named(member, line)
        else:
            self.fault(line, f"{name} is no field")

    def bindings(self, each: Mapping[Any, Any]) -> list[dict[str, str]]:
        """The bindings of `each: {n: 1..4, p: "a,b,…"}`, its lists walked in step."""
        columns: dict[str, list[str]] = {}
        for name, value in each.items():
            columns[str(name)] = self._items(value, line_of(each, name))
        lengths = {len(items) for items in columns.values()}
        if len(lengths) > 1:
            counts = ", ".join(f"{name} {len(items)}" for name, items in columns.items())
            self.fault(
                line_of(each, next(iter(each))), f"the lists of each: differ in length ({counts})"
            )
            return []
        count = lengths.pop() if lengths else 0
        return [{name: items[i] for name, items in columns.items()} for i in range(count)]

    def repeated(self, value: Any, each: Mapping[Any, Any]) -> list[Any]:
        """The value once for each binding, with what is bound put in."""
        return [located_substitute(value, bindings) for bindings in self.bindings(each)]

    def _items(self, value: Any, line: int) -> list[str]:
        if isinstance(value, list):
            return [item for part in value for item in self._items(part, line)]
        text = str(value)
        symbol = self.scope.find(text) if text.isidentifier() else None
        if symbol is not None and symbol.kind is SymbolKind.GROUP:
            return [str(ref) for ref in self.fields(text, line)]
        if is_expansion(text):
            return self.names(text, line)
        return self.names(f"{{{text}}}", line) if "," in text or ".." in text else [text]


def _as_written(source: Any) -> Any:
    return {"yes": True, "no": False}.get(source, source) if isinstance(source, str) else source
