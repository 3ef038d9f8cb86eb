# SPDX-License-Identifier: GPL-3.0-or-later
"""Closures of operators: arithmetic, comparison, logic and choice, with missing values by the rules."""

import operator
from collections.abc import Callable
from typing import Any, Final

from camcops.instruments.language.closures import compile_node, limit, truth
from camcops.instruments.language.environment import Closure, Environment, Value
from camcops.instruments.language.tree import (
    Binary,
    Compare,
    Condition,
    Conditional,
    Is,
    Logic,
    Membership,
    Unary,
)
from camcops.instruments.language.value_functions import power

_DIVISIONS: Final = ("/", "//", "%")
_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": power,
}
_COMPARISON: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@compile_node.register
def _(node: Unary) -> Closure:
    if node.operator == "not":
        test = truth(node.operand)

        def negated(env: Environment) -> Value:
            value = test(env)
            return None if value is None else not value

        return negated
    run = compile_node(node.operand)
    apply = operator.neg if node.operator == "-" else operator.pos

    def signed(env: Environment) -> Value:
        value = run(env)
        return None if value is None else apply(value)

    return signed


@compile_node.register
def _(node: Binary) -> Closure:
    left, right = compile_node(node.left), compile_node(node.right)
    apply, largest = _ARITHMETIC[node.operator], limit(node.type)
    divides = node.operator in _DIVISIONS

    def run(env: Environment) -> Value:
        a = left(env)
        if a is None:
            return None
        b = right(env)
        if b is None or (divides and b == 0):
            return None
        value = apply(a, b)
        return value if value is not None and -largest <= value <= largest else None

    return run


def _comparison(sign: str, left: Closure, right: Closure) -> Closure:
    apply = _COMPARISON[sign]

    def run(env: Environment) -> Value:
        a = left(env)
        if a is None:
            return None
        b = right(env)
        return None if b is None else apply(a, b)

    return run


@compile_node.register
def _(node: Compare) -> Closure:
    sides = [compile_node(operand) for operand in node.operands]
    pairs = tuple(map(_comparison, node.operators, sides, sides[1:]))
    return pairs[0] if len(pairs) == 1 else _every(pairs)


def _every(tests: tuple[Closure, ...]) -> Closure:
    def run(env: Environment) -> Value:
        result: bool | None = True
        for test in tests:
            value = test(env)
            if value is False:
                return False
            if value is None:
                result = None
        return result

    return run


def _some(tests: tuple[Closure, ...]) -> Closure:
    def run(env: Environment) -> Value:
        result: bool | None = False
        for test in tests:
            value = test(env)
            if value:
                return True
            if value is None:
                result = None
        return result

    return run


@compile_node.register
def _(node: Logic) -> Closure:
    tests = tuple(map(truth, node.operands))
    return _every(tests) if node.operator == "and" else _some(tests)


@compile_node.register
def _(node: Membership) -> Closure:
    one, many, negated = compile_node(node.value), compile_node(node.members), node.negated

    def run(env: Environment) -> Value:
        value, members = one(env), many(env)
        if value is None or members is None:
            return None
        return (value in members) != negated

    return run


@compile_node.register
def _(node: Is) -> Closure:
    run = compile_node(node.value) if node.what is None else truth(node.value)
    what, negated = node.what, node.negated
    return lambda env: (run(env) is what) != negated


@compile_node.register
def _(node: Conditional) -> Closure:
    test, then, otherwise = (
        truth(node.condition),
        compile_node(node.then),
        compile_node(node.otherwise),
    )
    return lambda env: then(env) if test(env) else otherwise(env)


@compile_node.register
def _(node: Condition) -> Closure:
    test = truth(node.operand)
    return lambda env: test(env) is True
