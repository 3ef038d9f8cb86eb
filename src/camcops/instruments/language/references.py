# SPDX-License-Identifier: GPL-3.0-or-later
"""Code of constants, names, rows, lists and generators."""

import ast
from collections.abc import Iterable
from operator import itemgetter

from camcops.instruments.language.environment import Environment, Value
from camcops.instruments.language.patterns import Code, code_of, truth
from camcops.instruments.language.tree import (
    Constant,
    Each,
    ListOf,
    Names,
    Node,
    Reference,
    Rendered,
    RowValue,
)
from camcops.instruments.language.words import Words

_PATTERNS = {
    Names.FIELD: "env.fields[NAME]",
    Names.COMPUTED: "env.computed[NAME]",
    Names.FACT: "env.facts[NAME]",
    Names.ROWS: "env.rows.get(NAME, ())",
    Names.ROW: "env.row",
}
_OF_ROW = {"row_number": "A.number", "row_count": "A.count"}


@code_of.register
def _(node: Constant, code: Code) -> ast.expr:
    return code.constant(node.value)


@code_of.register
def _(node: Reference, code: Code) -> ast.expr:
    if node.names is Names.VARIABLE:
        return ast.Name(_variable(node.name), ast.Load())
    if node.names is Names.FACT and node.name in _OF_ROW:
        return code.unless_missing(_OF_ROW[node.name], code.fill("env.row"))
    return code.fill(_PATTERNS[node.names], NAME=node.name)


@code_of.register
def _(node: RowValue, code: Code) -> ast.expr:
    pattern = "A.value(NAME)" if node.computed else "A.fields[NAME]"
    return code.unless_missing(pattern, code_of(node.row, code), NAME=node.name)


def gather(nodes: tuple[Node, ...], code: Code) -> ast.expr:
    """The members that values and lists bring, in order; missing if a list among them is."""
    items = _opened(nodes)
    names = [
        item.name for item in items if isinstance(item, Reference) and item.names is Names.FIELD
    ]
    if len(names) == len(items) and len(names) > 1:
        return code.fill("PICK(env.fields)", PICK=itemgetter(*names))
    return joined([(item.type.is_list, code_of(item, code)) for item in items], code)


def _opened(nodes: tuple[Node, ...]) -> list[Node]:
    opened: list[Node] = []
    for node in nodes:
        opened += _opened(node.items) if isinstance(node, ListOf) else [node]
    return opened


def joined(parts: list[tuple[bool, ast.expr]], code: Code) -> ast.expr:
    """The list of values and (where True) of the members of lists; missing if one of the lists is."""
    if not any(is_list for is_list, _ in parts):
        return ast.List([part for _, part in parts], ast.Load())
    if len(parts) == 1:
        return parts[0][1]
    lists = [part if is_list else ast.List([part], ast.Load()) for is_list, part in parts]
    return code.call(_joined, ast.List(lists, ast.Load()))


def _joined(lists: Iterable[Iterable[Value] | None]) -> list[Value] | None:
    members: list[Value] = []
    for one in lists:
        if one is None:
            return None
        members.extend(one)
    return members


def _joined_if_any(lists: Iterable[Iterable[Value] | None] | None) -> list[Value] | None:
    return None if lists is None else _joined(lists)


@code_of.register
def _(node: ListOf, code: Code) -> ast.expr:
    return gather(node.items, code)


@code_of.register
def _(node: Each, code: Code) -> ast.expr:
    return each(node, code_of(node.element, code), code)


def each(node: Each, element: ast.expr, code: Code) -> ast.expr:
    """The list that a generator makes with `element`: the code of its element, or of what derives from it."""
    pattern = (
        "[ELEMENT for VARIABLE in A]"
        if node.condition is None
        else "[ELEMENT for VARIABLE in A if TEST]"
    )
    tests = {} if node.condition is None else {"TEST": truth(node.condition, code)}
    variable = ast.Name(_variable(node.variable), ast.Store())
    source = code_of(node.source, code)
    made = code.unless_missing(pattern, source, ELEMENT=element, VARIABLE=variable, **tests)
    return code.call(_joined_if_any, made) if node.element.type.is_list else made


def _variable(name: str) -> str:
    return f"each_{name}"


@code_of.register
def _(node: Rendered, code: Code) -> ast.expr:
    render = _render_all if node.type.is_list else _render
    return code.call(render, ast.Name("env", ast.Load()), code_of(node.operand, code))


def _render(env: Environment, value: Value) -> Value:
    return (env.labels.render(value) or None) if isinstance(value, Words) else value


def _render_all(env: Environment, members: Value) -> Value:
    return None if members is None else [_render(env, member) for member in members]
