# SPDX-License-Identifier: GPL-3.0-or-later
"""What expressions are computed from: one record, its rows, and what is known about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from camcops.instruments.language.words import StringRef, Words

# A value as the static type says: bool, int, float, str, Words, date, time, datetime, Row, a sequence
# of one of these, or None for missing.
Value = Any
Closure = Callable[["Environment"], Value]


class Labels(Protocol):
    """Where `option()`, `ticked()` and `string()` find their words."""

    def option(
        self, env: "Environment", table: str | None, field: str, value: Value
    ) -> Words | None:
        """The label of an answer; `env` is at the row, if `table` is given."""

    def label(self, env: "Environment", table: str | None, field: str) -> Words:
        """The label of a field."""

    def string(self, name: str) -> StringRef | None:
        """The string called `name` or `set/name`, if there is one."""

    def render(self, words: Words) -> str:
        """Words in the reader's language: asked for in forms only."""


class NoLabels:
    """For expressions that show no words: every label is the bare name or value."""

    def option(
        self, env: "Environment", table: str | None, field: str, value: Value
    ) -> Words | None:
        return Words.of(str(value))

    def label(self, env: "Environment", table: str | None, field: str) -> Words:
        return Words.of(field)

    def string(self, name: str) -> StringRef | None:
        return None

    def render(self, words: Words) -> str:
        return "".join(part if isinstance(part, str) else part.name for part in words.parts)


class Values(dict[str, Value]):
    """Values by name; what isn't there is missing."""

    __slots__ = ()

    def __missing__(self, name: str) -> None:
        return None


def _values(given: Mapping[str, Value]) -> Values:
    return given if isinstance(given, Values) else Values(given)


@dataclass(frozen=True, slots=True)
class Program:
    """Compiled definitions: those of the record, and of each child table's rows."""

    values: Mapping[str, Closure] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, Closure]] = field(default_factory=dict)


class Row:
    """A row of a child table; `number` counts from 1."""

    __slots__ = ("_computed", "_environment", "_root", "count", "fields", "number", "table")

    def __init__(
        self, root: "Environment", table: str, fields: Values, number: int, count: int
    ) -> None:
        self._root = root
        self._environment: Environment | None = None
        self._computed: dict[str, Value] = {}
        self.table = table
        self.fields = fields
        self.number = number
        self.count = count

    def value(self, name: str) -> Value:
        """A computed name of the row."""
        if name not in self._computed:
            self._computed[name] = self._root.program.rows[self.table][name](self.environment)
        return self._computed[name]

    @property
    def environment(self) -> "Environment":
        """The record, with this row at hand."""
        if self._environment is None:
            self._environment = Environment._at(self._root, self)
        return self._environment

    def forget(self) -> None:
        """Compute afresh from now on."""
        self._computed.clear()


class Computed(dict[str, Value]):
    """A record's computed values by name, each computed when first asked for."""

    __slots__ = ("_root",)

    def __init__(self, root: "Environment") -> None:
        super().__init__()
        self._root = root

    def __missing__(self, name: str) -> Value:
        value = self[name] = self._root.program.values[name](self._root)
        return value


class Environment:
    """One record as expressions see it.

    `fields` and the mappings of `rows` hold values already coerced to their types; what is absent is
    missing. `facts` holds everything else by the names of the scope (`patient.sex`, `created`, `valid`,
    tallies, …), and for forms `now()`, an aware datetime. `Values` are taken over, not copied.
    """

    __slots__ = (
        "computed",
        "facts",
        "fields",
        "labels",
        "program",
        "root",
        "row",
        "rows",
    )

    def __init__(
        self,
        program: Program,
        fields: Mapping[str, Value],
        rows: Mapping[str, Sequence[Mapping[str, Value]]] | None = None,
        facts: Mapping[str, Value] | None = None,
        labels: Labels | None = None,
    ) -> None:
        self.program = program
        self.fields = _values(fields)
        self.facts = _values(facts or {})
        self.labels: Labels = labels or NoLabels()
        self.root = self
        self.row: Row | None = None
        self.computed = Computed(self)
        self.rows: dict[str, tuple[Row, ...]] = {}
        for table, given in (rows or {}).items():
            count = len(given)
            self.rows[table] = tuple(
                Row(self, table, _values(values), number, count)
                for number, values in enumerate(given, 1)
            )

    @classmethod
    def _at(cls, root: "Environment", row: Row) -> "Environment":
        env = cls.__new__(cls)
        env.program, env.fields, env.facts = root.program, root.fields, root.facts
        env.labels, env.rows, env.root = root.labels, root.rows, root
        env.row, env.computed = row, root.computed
        return env

    def at_row(self, table: str, index: int) -> "Environment":
        """The same record with that row (from 0) at hand."""
        return self.root.rows[table][index].environment

    def value(self, name: str) -> Value:
        """A computed name's value, computed once."""
        return self.computed[name]

    def set_fact(self, name: str, value: Value) -> None:
        """Change a fact (a tally); what was computed is forgotten."""
        self.facts[name] = value
        self.computed.clear()
        for rows in self.rows.values():
            for row in rows:
                row.forget()
