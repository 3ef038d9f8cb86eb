# SPDX-License-Identifier: GPL-3.0-or-later
"""From typed trees to Python closures over an `Environment`.

No closure raises, whatever the record holds: a result that can't be is missing. Each is made once, when a
definition is loaded.
"""

from collections.abc import Callable

from camcops.instruments.language import calls, operators, references, results
from camcops.instruments.language.closures import compile_node
from camcops.instruments.language.environment import Closure, Environment, Value
from camcops.instruments.language.tree import Node
from camcops.instruments.language.types import INTEGER, NUMBER, WORDING, WORDS, Type
from camcops.instruments.language.words import Words

PARTS = (references, operators, calls, results)  # each teaches compile_node its kinds of node


def compile_tree(node: Node) -> Closure:
    """The closure that computes the node's value, as its type says: float for a number, int for an
    integer, `Words` for words; None where missing."""
    run = compile_node(node)
    convert = _CONVERSIONS.get(node.type)
    if convert is None:
        return run

    def converted(env: Environment) -> Value:
        value = run(env)
        return None if value is None else convert(value)

    return converted


def _as_words(value: Value) -> Words:
    return value if isinstance(value, Words) else Words.of(value)


_CONVERSIONS: dict[Type, Callable[[Value], Value]] = {
    INTEGER: int,
    NUMBER: float,
    WORDS: _as_words,
    WORDING: _as_words,
}
