# SPDX-License-Identifier: GPL-3.0-or-later
"""Closures of bands, cases and templates."""

from bisect import bisect_right

from camcops.instruments.language.closures import compile_node, truth
from camcops.instruments.language.environment import Closure, Environment, Value
from camcops.instruments.language.formats import MISSING_SHOWN, show
from camcops.instruments.language.tree import Bands, Cases, Hole, Node, Template
from camcops.instruments.language.words import StringRef, Words


def _or_missing(node: Node | None) -> Closure:
    return (lambda _env: None) if node is None else compile_node(node)


@compile_node.register
def _(node: Bands) -> Closure:
    value, below, missing = (
        compile_node(node.value),
        _or_missing(node.below),
        _or_missing(node.missing),
    )
    bounds = [(step.bound, step.open) for step in node.steps]
    results = [compile_node(step.result) for step in node.steps]

    def run(env: Environment) -> Value:
        given = value(env)
        if given is None:
            return missing(env)
        reached = bisect_right(bounds, (given, False))
        return results[reached - 1](env) if reached else below(env)

    return run


@compile_node.register
def _(node: Cases) -> Closure:
    cases = tuple((truth(condition), compile_node(result)) for condition, result in node.cases)
    otherwise = _or_missing(node.otherwise)

    def run(env: Environment) -> Value:
        for test, result in cases:
            if test(env):
                return result(env)
        return otherwise(env)

    return run


@compile_node.register
def _(node: Hole) -> Closure:
    run, words = compile_node(node.value), show(node.value.type, node.format)

    def shown(env: Environment) -> Value:
        value = run(env)
        return MISSING_SHOWN if value is None else words(value)

    return shown


@compile_node.register
def _(node: Template) -> Closure:
    fixed = [part for part in node.parts if isinstance(part, str | StringRef)]
    if len(fixed) == len(node.parts):
        constant = Words.of(*fixed)
        return lambda _env: constant
    parts: list[str | StringRef | Closure] = [
        compile_node(part) if isinstance(part, Hole) else part for part in node.parts
    ]

    def run(env: Environment) -> Value:
        return Words.of(*[part(env) if callable(part) else part for part in parts])

    return run
