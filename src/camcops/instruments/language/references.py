# SPDX-License-Identifier: GPL-3.0-or-later
"""Closures of constants, names, rows, lists and generators."""

from operator import itemgetter

from camcops.instruments.language.closures import compile_node, truth
from camcops.instruments.language.environment import Closure, Environment, Value
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


@compile_node.register
def _(node: Constant) -> Closure:
    value = node.value
    return lambda _env: value


@compile_node.register
def _(node: Reference) -> Closure:
    name = node.name
    match node.names:
        case Names.FIELD:
            return lambda env: env.fields[name]
        case Names.COMPUTED:
            return lambda env: env.root.value(name)
        case Names.ROWS:
            return lambda env: env.rows.get(name, ())
        case Names.ROW:
            return lambda env: env.row
        case Names.VARIABLE:
            return lambda env: env.variables[name]
        case Names.FACT if name == "row_number":
            return lambda env: None if env.row is None else env.row.number
        case Names.FACT if name == "row_count":
            return lambda env: None if env.row is None else env.row.count
        case Names.FACT:
            return lambda env: env.facts[name]


@compile_node.register
def _(node: RowValue) -> Closure:
    find, name = compile_node(node.row), node.name
    if node.computed:

        def computed(env: Environment) -> Value:
            row = find(env)
            return None if row is None else row.value(name)

        return computed

    def field(env: Environment) -> Value:
        row = find(env)
        return None if row is None else row.fields[name]

    return field


def gather(nodes: tuple[Node, ...]) -> Closure:
    """The members that values and lists bring, in order; missing if a list among them is."""
    items = tuple(_opened(nodes))
    if any(item.type.is_list for item in items):
        return _mixture(items)
    names = [
        item.name for item in items if isinstance(item, Reference) and item.names is Names.FIELD
    ]
    if len(names) == len(items) and len(names) > 1:
        pick = itemgetter(*names)
        return lambda env: pick(env.fields)
    runs = tuple(map(compile_node, items))
    return lambda env: [run(env) for run in runs]


def _opened(nodes: tuple[Node, ...]) -> list[Node]:
    opened: list[Node] = []
    for node in nodes:
        opened += _opened(node.items) if isinstance(node, ListOf) else [node]
    return opened


def _mixture(items: tuple[Node, ...]) -> Closure:
    runs = tuple((item.type.is_list, compile_node(item)) for item in items)
    if len(runs) == 1:
        return runs[0][1]

    def run(env: Environment) -> Value:
        members: list[Value] = []
        for is_list, part in runs:
            value = part(env)
            if not is_list:
                members.append(value)
            elif value is None:
                return None
            else:
                members.extend(value)
        return members

    return run


@compile_node.register
def _(node: ListOf) -> Closure:
    return gather(node.items)


@compile_node.register
def _(node: Each) -> Closure:
    return each(node, compile_node(node.element))


def each(node: Each, element: Closure) -> Closure:
    """The list that a generator makes with `element`, an own or a derived closure of its element."""
    source, name = compile_node(node.source), node.variable
    test = None if node.condition is None else truth(node.condition)
    nested = node.element.type.is_list

    def run(env: Environment) -> Value:
        given = source(env)
        if given is None:
            return None
        variables = env.variables
        before = variables.get(name)  # a definition's generator may run inside another's
        members: list[Value] = []
        for variables[name] in given:
            if test is not None and not test(env):
                continue
            value = element(env)
            if not nested:
                members.append(value)
            elif value is None:
                variables[name] = before
                return None
            else:
                members.extend(value)
        variables[name] = before
        return members

    return run


@compile_node.register
def _(node: Rendered) -> Closure:
    run = compile_node(node.operand)
    if not node.type.is_list:
        return lambda env: _render(env, run(env))

    def rendered(env: Environment) -> Value:
        members = run(env)
        return None if members is None else [_render(env, member) for member in members]

    return rendered


def _render(env: Environment, value: Value) -> Value:
    return (env.labels.render(value) or None) if isinstance(value, Words) else value
