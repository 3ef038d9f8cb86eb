# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions as a reader of a codebook wants them: in words and common signs."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from camcops.instruments.language.numbers import number_to_text
from camcops.instruments.language.tree import (
    Bands,
    Binary,
    Call,
    Cases,
    Compare,
    Condition,
    Conditional,
    Constant,
    Each,
    Hole,
    Is,
    ListOf,
    Logic,
    Membership,
    Node,
    Reference,
    Rendered,
    RowValue,
    Table,
    Template,
    Unary,
)
from camcops.instruments.language.words import StringRef
from camcops.instruments.strings import Strings

_SIGNS = {
    "==": "is",
    "!=": "is not",
    "<=": "≤",
    ">=": "≥",
    "*": "×",
    "/": "÷",
    "-": "−",
    "**": "to the power",
    "//": "divided, rounded down, by",
    "%": "modulo",
}
_OF = {
    "sum": "the sum of",
    "mean": "the mean of",
    "min": "the least of",
    "max": "the greatest of",
    "count": "how many are true of",
    "n_answered": "how many are answered of",
    "n_missing": "how many are missing of",
    "whole": "all of",
    "len": "the number of",
}


def computed_in_words(node: Node, strings: Strings) -> Iterator[str]:
    """A computed name, a line for each band or case."""
    if isinstance(node, Bands):
        value = in_words(node.value)
        if node.below is not None:
            yield f"{_result(node.below, strings)} at first"
        for step in node.steps:
            sign = ">" if step.open else "≥"
            yield f"{_result(step.result, strings)} if {value} {sign} {number_to_text(step.bound)}"
        if node.missing is not None:
            yield f"{_result(node.missing, strings)} if it is missing"
    elif isinstance(node, Cases):
        for condition, result in node.cases:
            yield f"{_result(result, strings)} if {in_words(condition)}"
        if node.otherwise is not None:
            yield f"{_result(node.otherwise, strings)} otherwise"
    else:
        yield in_words(node)


def _result(node: Node, strings: Strings) -> str:
    if not isinstance(node, Template):
        return in_words(node)
    parts = (
        strings.text(part.set, part.name) if isinstance(part, StringRef) else _piece(part)
        for part in node.parts
    )
    return "".join(parts)


def in_words(node: Node) -> str:
    """One expression on one line."""
    return _WRITERS[type(node)](node)


def _piece(part: str | StringRef | Hole) -> str:
    if isinstance(part, StringRef):
        return f"{part.set}/{part.name}"
    return part if isinstance(part, str) else f"{{{in_words(part.value)}}}"


def _inner(node: Node) -> str:
    """As `in_words`, in brackets if it is more than one term."""
    text = in_words(node)
    bare = isinstance(node, Constant | Reference | RowValue | Call | ListOf)
    return text if bare else f"({text})"


def _constant(node: Constant) -> str:
    value = node.value
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_to_text(value) if isinstance(value, int | float) else f"“{value}”"


def _call(node: Call) -> str:
    arguments = [in_words(argument) for argument in node.arguments]
    if node.function == "answered":
        return f"{', '.join(arguments)} answered"
    if node.function in _OF and len(node.arguments) == 1:
        return f"{_OF[node.function]} {arguments[0]}"
    return f"{node.function}({', '.join(arguments)})"


def _each(node: Each) -> str:
    condition = f", where {in_words(node.condition)}" if node.condition else ""
    element = in_words(node.element)
    return f"({element}, for each {node.variable} of {in_words(node.source)}{condition})"


def _compare(node: Compare) -> str:
    pairs = zip(node.operators, pairwise(node.operands), strict=True)
    return " and ".join(f"{_inner(a)} {_SIGNS.get(op, op)} {_inner(b)}" for op, (a, b) in pairs)


def _is(node: Is) -> str:
    what = {None: "missing", True: "true", False: "false"}[node.what]
    return f"{_inner(node.value)} is {'not ' if node.negated else ''}{what}"


def _membership(node: Membership) -> str:
    sign = "is none of" if node.negated else "is one of"
    return f"{_inner(node.value)} {sign} {in_words(node.members)}"


def _table(node: Table) -> str:
    pairs = zip(node.keys, node.results, strict=True)
    return ", ".join(f"{in_words(key)} → {in_words(result)}" for key, result in pairs)


def _conditional(node: Conditional) -> str:
    then, otherwise = _inner(node.then), _inner(node.otherwise)
    return f"{then} if {in_words(node.condition)}, otherwise {otherwise}"


_WRITERS: Mapping[type[Node], Callable[[Any], str]] = {
    Constant: _constant,
    Reference: lambda node: node.name,
    RowValue: lambda node: f"{in_words(node.row)}’s {node.name}",
    ListOf: lambda node: ", ".join(in_words(item) for item in node.items),
    Each: _each,
    Unary: lambda node: f"{_SIGNS.get(node.operator, node.operator)} {_inner(node.operand)}",
    Binary: lambda node: (
        f"{_inner(node.left)} {_SIGNS.get(node.operator, node.operator)} {_inner(node.right)}"
    ),
    Compare: _compare,
    Membership: _membership,
    Is: _is,
    Logic: lambda node: f" {node.operator} ".join(_inner(part) for part in node.operands),
    Conditional: _conditional,
    Call: _call,
    Table: _table,
    Condition: lambda node: in_words(node.operand),
    Rendered: lambda node: in_words(node.operand),
    Bands: lambda node: f"the band of {in_words(node.value)}",
    Cases: lambda node: "by cases",
    Hole: lambda node: in_words(node.value),
    Template: lambda node: "".join(_piece(part) for part in node.parts),
}
