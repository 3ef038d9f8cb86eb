# SPDX-License-Identifier: GPL-3.0-or-later
"""The typed tree of an expression, and the JSON by which a browser evaluates it.

Every node has a static `type`, its `children()`, and `to_json()`: a map whose first key says what it is.
Where a list and a value are treated differently when missing (the arguments of functions, the members of a
list), each stands as `{"list": true | false, "value": node}`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from camcops.instruments.language.types import Type
from camcops.instruments.language.words import StringRef

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Value = None | bool | int | float | str | date | time | datetime


@dataclass(frozen=True, slots=True)
class Node(ABC):
    """A part of an expression, of a known type."""

    type: Type

    def children(self) -> "tuple[Node, ...]":
        return ()

    @abstractmethod
    def to_json(self) -> Json:
        """What a browser evaluates."""


def _flagged(node: Node) -> Json:
    return {"list": node.type.is_list, "value": node.to_json()}


class Names(StrEnum):
    """Where the value of a plain name is found."""

    FIELD = "field"
    COMPUTED = "computed"
    FACT = "fact"
    ROWS = "rows"
    ROW = "row"
    VARIABLE = "variable"


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A number, text, truth value or None."""

    value: Value

    def to_json(self) -> Json:
        value = self.value
        return {
            "constant": value if value is None or isinstance(value, int | float) else str(value)
        }


@dataclass(frozen=True, slots=True)
class Reference(Node):
    """A name; `form_only` says why it may not be reached by what is stored, if it may not."""

    names: Names
    name: str
    form_only: str | None = None

    def to_json(self) -> Json:
        return {self.names.value: self.name}


@dataclass(frozen=True, slots=True)
class RowValue(Node):
    """A column or computed name of a row: `row.x`, `t.x`; missing if the row is."""

    row: Node
    name: str
    computed: bool = False
    form_only: str | None = None

    def children(self) -> tuple[Node, ...]:
        return (self.row,)

    def to_json(self) -> Json:
        return {"computed" if self.computed else "field": self.name, "of": self.row.to_json()}


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """Values and lists in a row, flattened; missing if a list among them is."""

    items: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.items

    def to_json(self) -> Json:
        return {"items": [_flagged(item) for item in self.items]}


@dataclass(frozen=True, slots=True)
class Each(Node):
    """`element for variable in source if condition`; missing if the source is."""

    variable: str
    source: Node
    element: Node
    condition: Node | None

    def children(self) -> tuple[Node, ...]:
        parts = (self.source, self.element)
        return parts if self.condition is None else (*parts, self.condition)

    def to_json(self) -> Json:
        return {
            "each": _flagged(self.element),
            "variable": self.variable,
            "source": self.source.to_json(),
            "if": self.condition.to_json() if self.condition else None,
        }


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x`, `+x` (a truth value as 0 or 1), `not x`."""

    operator: str
    operand: Node

    def children(self) -> tuple[Node, ...]:
        return (self.operand,)

    def to_json(self) -> Json:
        return {"unary": self.operator, "of": self.operand.to_json()}


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`+ - * / // % **`; the type says where the result overflows."""

    operator: str
    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)

    def to_json(self) -> Json:
        sides: list[Json] = [self.left.to_json(), self.right.to_json()]
        return {"binary": self.operator, "of": sides, "type": str(self.type)}


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`a < b <= c`: each neighbouring pair, joined by `and`."""

    operators: tuple[str, ...]
    operands: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.operands

    def to_json(self) -> Json:
        return {"compare": list(self.operators), "of": [node.to_json() for node in self.operands]}


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """`x in list`, `x not in list`; missing members are passed over."""

    value: Node
    members: Node
    negated: bool

    def children(self) -> tuple[Node, ...]:
        return (self.value, self.members)

    def to_json(self) -> Json:
        sides: list[Json] = [self.value.to_json(), self.members.to_json()]
        return {"in": sides, "negated": self.negated}


@dataclass(frozen=True, slots=True)
class Is(Node):
    """`x is None`, `x is True`, `x is False`, and `is not`: never missing."""

    value: Node
    what: bool | None
    negated: bool

    def children(self) -> tuple[Node, ...]:
        return (self.value,)

    def to_json(self) -> Json:
        return {"is": self.what, "of": self.value.to_json(), "negated": self.negated}


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`and` or `or` of conditions, three-valued."""

    operator: str
    operands: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.operands

    def to_json(self) -> Json:
        return {self.operator: [node.to_json() for node in self.operands]}


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`then if condition else otherwise`; a missing condition isn't true."""

    condition: Node
    then: Node
    otherwise: Node

    def children(self) -> tuple[Node, ...]:
        return (self.condition, self.then, self.otherwise)

    def to_json(self) -> Json:
        return {
            "if": self.condition.to_json(),
            "then": self.then.to_json(),
            "else": self.otherwise.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of values and lists."""

    function: str
    arguments: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.arguments

    def to_json(self) -> Json:
        arguments: list[Json] = [_flagged(argument) for argument in self.arguments]
        return {"call": self.function, "arguments": arguments, "type": str(self.type)}


@dataclass(frozen=True, slots=True)
class Table(Node):
    """The map of `recode`: constants and what they become; its type is that of the results."""

    keys: tuple[Constant, ...]
    results: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return (*self.keys, *self.results)

    def to_json(self) -> Json:
        pairs = zip(self.keys, self.results, strict=True)
        return {"table": [[key.to_json(), result.to_json()] for key, result in pairs]}


@dataclass(frozen=True, slots=True)
class Condition(Node):
    """Where only true or not true is asked for: missing counts as False."""

    operand: Node

    def children(self) -> tuple[Node, ...]:
        return (self.operand,)

    def to_json(self) -> Json:
        return {"condition": self.operand.to_json()}


@dataclass(frozen=True, slots=True)
class Rendered(Node):
    """Words put into the reader's language, so that they can be examined: in forms only."""

    operand: Node

    def children(self) -> tuple[Node, ...]:
        return (self.operand,)

    def to_json(self) -> Json:
        return {"rendered": self.operand.to_json()}


@dataclass(frozen=True, slots=True)
class Step:
    """One bound of `bands`: reached at it or, if `open`, above it."""

    bound: float
    open: bool
    result: Node


@dataclass(frozen=True, slots=True)
class Bands(Node):
    """The result at the greatest bound reached; `steps` ascend."""

    value: Node
    steps: tuple[Step, ...]
    below: Node | None
    missing: Node | None

    def children(self) -> tuple[Node, ...]:
        extra = tuple(node for node in (self.below, self.missing) if node)
        return (self.value, *(step.result for step in self.steps), *extra)

    def to_json(self) -> Json:
        return {
            "bands": self.value.to_json(),
            "at": [[step.bound, step.open, step.result.to_json()] for step in self.steps],
            "else": self.below.to_json() if self.below else None,
            "missing": self.missing.to_json() if self.missing else None,
        }


@dataclass(frozen=True, slots=True)
class Cases(Node):
    """The result of the first condition that is true."""

    cases: tuple[tuple[Node, Node], ...]
    otherwise: Node | None

    def children(self) -> tuple[Node, ...]:
        parts = tuple(node for case in self.cases for node in case)
        return (*parts, self.otherwise) if self.otherwise else parts

    def to_json(self) -> Json:
        return {
            "cases": [[condition.to_json(), result.to_json()] for condition, result in self.cases],
            "else": self.otherwise.to_json() if self.otherwise else None,
        }


@dataclass(frozen=True, slots=True)
class Hole(Node):
    """A hole of a template; of type WORDS, a missing value shows as "?"."""

    value: Node
    format: str | None

    def children(self) -> tuple[Node, ...]:
        return (self.value,)

    def to_json(self) -> Json:
        return {"hole": self.value.to_json(), "format": self.format, "type": str(self.value.type)}


@dataclass(frozen=True, slots=True)
class Template(Node):
    """Literal parts, references to strings, and holes."""

    parts: tuple[str | StringRef | Hole, ...]

    def children(self) -> tuple[Node, ...]:
        return tuple(part for part in self.parts if isinstance(part, Hole))

    def to_json(self) -> Json:
        parts: list[Json] = []
        for part in self.parts:
            if isinstance(part, str):
                parts.append(part)
            elif isinstance(part, StringRef):
                parts.append([part.set, part.name])
            else:
                parts.append(part.to_json())
        return {"template": parts}


def walk(node: Node) -> Iterator[Node]:
    """The node and everything under it."""
    yield node
    for child in node.children():
        yield from walk(child)
