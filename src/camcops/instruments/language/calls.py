# SPDX-License-Identifier: GPL-3.0-or-later
"""Closures of function calls."""

from collections.abc import Callable
from datetime import datetime

from camcops.instruments.language.closures import compile_node, limited, truth
from camcops.instruments.language.environment import Closure, Environment, Value
from camcops.instruments.language.list_functions import (
    OF_CONDITIONS,
    OF_MEMBERS,
    WITH_NUMBER,
    Members,
)
from camcops.instruments.language.references import each, gather
from camcops.instruments.language.tree import Call, Each, ListOf, Node, Reference, RowValue, Table
from camcops.instruments.language.types import BOOLEAN
from camcops.instruments.language.value_functions import LENIENT, STRICT, concatenated, words_of
from camcops.instruments.language.value_typing import is_unbounded
from camcops.instruments.language.words import Words


@compile_node.register
def _(node: Call) -> Closure:
    name = node.function
    if name in OF_MEMBERS:
        run = _of_members(OF_MEMBERS[name], gather(node.arguments))
    elif name in OF_CONDITIONS:
        run = _of_members(OF_CONDITIONS[name], _truths(node.arguments))
    elif name in WITH_NUMBER:
        run = _strict(WITH_NUMBER[name], tuple(map(compile_node, node.arguments)))
    elif name in STRICT:
        run = _strict(STRICT[name], tuple(map(compile_node, node.arguments)))
    elif name in LENIENT:
        run = _lenient(LENIENT[name], tuple(map(compile_node, node.arguments)))
    else:
        run = _SPECIAL[name](node.arguments)
    return limited(run, node.type)


def _of_members(function: Callable[[Members], Value], members: Closure) -> Closure:
    def run(env: Environment) -> Value:
        given = members(env)
        return None if given is None else function(given)

    return run


def _truths(nodes: tuple[Node, ...]) -> Closure:
    """The members as conditions."""
    parts: list[tuple[bool, Closure]] = []
    for node in nodes:
        if isinstance(node, ListOf):
            parts.append((True, _truths(node.items)))
        elif isinstance(node, Each) and not node.element.type.is_list:
            parts.append((True, each(node, truth(node.element))))
        elif node.type.item is not None:
            parts.append((True, _truths_of_list(node)))
        else:
            parts.append((False, truth(node)))
    if len(parts) == 1 and parts[0][0]:
        return parts[0][1]

    def run(env: Environment) -> Value:
        truths: list[Value] = []
        for is_list, part in parts:
            value = part(env)
            if not is_list:
                truths.append(value)
            elif value is None:
                return None
            else:
                truths.extend(value)
        return truths

    return run


def _truths_of_list(node: Node) -> Closure:
    run, item = compile_node(node), node.type.item
    if item == BOOLEAN:
        return run
    numeric = item is not None and item.is_numeric

    def truths(env: Environment) -> Value:
        members = run(env)
        if members is None:
            return None
        return [None if m is None else (m != 0 if numeric else True) for m in members]

    return truths


def _strict(function: Callable[..., Value], arguments: tuple[Closure, ...]) -> Closure:
    def run(env: Environment) -> Value:
        values = [argument(env) for argument in arguments]
        return None if any(value is None for value in values) else function(*values)

    return run


def _lenient(function: Callable[..., Value], arguments: tuple[Closure, ...]) -> Closure:
    return lambda env: function(*[argument(env) for argument in arguments])


def _clamp(arguments: tuple[Node, ...]) -> Closure:
    given, low, high = map(compile_node, arguments)
    no_low, no_high = is_unbounded(arguments[1]), is_unbounded(arguments[2])

    def run(env: Environment) -> Value:
        x, lowest, highest = given(env), low(env), high(env)
        if x is None or (lowest is None and not no_low) or (highest is None and not no_high):
            return None
        if lowest is not None and x < lowest:
            return lowest
        return highest if highest is not None and x > highest else x

    return run


def _recode(arguments: tuple[Node, ...]) -> Closure:
    given, table = compile_node(arguments[0]), arguments[1]
    assert isinstance(table, Table)
    results = {
        key.value: compile_node(result)
        for key, result in zip(table.keys, table.results, strict=True)
    }
    other = compile_node(arguments[2]) if len(arguments) == 3 else None

    def run(env: Environment) -> Value:
        value = given(env)
        if value is None:
            return None
        found = results.get(value, other)
        return None if found is None else found(env)

    return run


def _string(arguments: tuple[Node, ...]) -> Closure:
    name = compile_node(arguments[0])

    def run(env: Environment) -> Value:
        wanted = name(env)
        return None if wanted is None else words_of(env.labels.string(wanted))

    return run


def _option(arguments: tuple[Node, ...]) -> Closure:
    answer, place = compile_node(arguments[0]), _Place(arguments[0])

    def run(env: Environment) -> Value:
        value = answer(env)
        if value is None:
            return None
        return env.labels.option(place.environment(env), place.table, place.name, value) or None

    return run


def _ticked(arguments: tuple[Node, ...]) -> Closure:
    fields = arguments[0]
    assert isinstance(fields, ListOf)
    parts = tuple((truth(item), _Place(item)) for item in fields.items)

    def run(env: Environment) -> Value:
        pieces: list[str | Words] = []
        for ticked, place in parts:
            if ticked(env):
                pieces += [", "] if pieces else []
                pieces.append(env.labels.label(place.environment(env), place.table, place.name))
        return concatenated(pieces) if pieces else None

    return run


class _Place:
    """Where a field stands: in the record, or in which row."""

    def __init__(self, node: Node) -> None:
        assert isinstance(node, Reference | RowValue)
        self.name = node.name
        self.row = compile_node(node.row) if isinstance(node, RowValue) else None
        self.table = node.row.type.table if isinstance(node, RowValue) else None

    def environment(self, env: Environment) -> Environment:
        """The environment in which the field's labels are made; the row is there, as its value is."""
        if self.row is None:
            return env
        found: Environment = self.row(env).environment
        return found


def _now(_arguments: tuple[Node, ...]) -> Closure:
    return lambda env: env.facts["now()"]


def _today(_arguments: tuple[Node, ...]) -> Closure:
    def run(env: Environment) -> Value:
        now = env.facts["now()"]
        return now.date() if isinstance(now, datetime) else None

    return run


_SPECIAL: dict[str, Callable[[tuple[Node, ...]], Closure]] = {
    "clamp": _clamp,
    "recode": _recode,
    "string": _string,
    "option": _option,
    "ticked": _ticked,
    "now": _now,
    "today": _today,
}
