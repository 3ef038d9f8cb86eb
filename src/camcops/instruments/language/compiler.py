# SPDX-License-Identifier: GPL-3.0-or-later
"""From typed trees to Python functions of an `Environment`.

None of them raises, whatever the record holds: a result that can't be is missing.
"""

from collections.abc import Callable

from camcops.instruments.language import calls, operators, references, results
from camcops.instruments.language.environment import Closure, Value
from camcops.instruments.language.patterns import Code, code_of
from camcops.instruments.language.tree import Node
from camcops.instruments.language.types import INTEGER, NUMBER, WORDING, WORDS, Type
from camcops.instruments.language.words import Words

PARTS = (references, operators, calls, results)  # each teaches code_of its kinds of node


def compile_tree(node: Node) -> Closure:
    """The function that computes the node's value, as its type says: float for a number, int for an
    integer, `Words` for words; None where missing."""
    code = Code()
    body = code_of(node, code)
    convert = _CONVERSIONS.get(node.type)
    return code.function(body if convert is None else code.strict_call(convert, body))


def _as_words(value: Value) -> Words:
    return value if isinstance(value, Words) else Words.of(value)


_CONVERSIONS: dict[Type, Callable[[Value], Value]] = {
    INTEGER: int,
    NUMBER: float,
    WORDS: _as_words,
    WORDING: _as_words,
}
