# SPDX-License-Identifier: GPL-3.0-or-later
"""What every part of the compiler shares: one closure for each kind of node, truth, and limits."""

from functools import singledispatch

from camcops.instruments.language.environment import Closure, Environment, Value
from camcops.instruments.language.numbers import LARGEST_INTEGER, LARGEST_NUMBER
from camcops.instruments.language.tree import Node
from camcops.instruments.language.types import BOOLEAN, INTEGER, NUMBER, Type


@singledispatch
def compile_node(node: Node) -> Closure:
    """The closure of a node, by its kind."""
    raise TypeError(f"nothing compiles {type(node).__name__}")


def limit(type_: Type) -> float:
    """The largest value of a numeric type; beyond it lies overflow."""
    return LARGEST_INTEGER if type_ == INTEGER else LARGEST_NUMBER


def limited(run: Closure, type_: Type) -> Closure:
    """The closure, with overflow and not-a-number as missing."""
    if type_ not in (INTEGER, NUMBER):
        return run
    largest = limit(type_)

    def within(env: Environment) -> Value:
        value = run(env)
        return value if value is not None and -largest <= value <= largest else None

    return within


def truth(node: Node) -> Closure:
    """The node as a condition: True, False or missing.

    A number is true if not 0, text or a time if not missing.
    """
    run = compile_node(node)
    if node.type == BOOLEAN:
        return run
    if node.type.is_numeric:

        def nonzero(env: Environment) -> Value:
            value = run(env)
            return None if value is None else value != 0

        return nonzero
    return lambda env: None if run(env) is None else True
