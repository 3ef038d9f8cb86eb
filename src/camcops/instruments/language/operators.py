# SPDX-License-Identifier: GPL-3.0-or-later
"""Code of operators: arithmetic, comparison, logic and choice, with missing values by the rules."""

import ast
from itertools import pairwise

from camcops.instruments.language.list_functions import all_true, any_true
from camcops.instruments.language.patterns import Code, code_of, limited, truth
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

_DIVISIONS = ("/", "//", "%")


@code_of.register
def _(node: Unary, code: Code) -> ast.expr:
    if node.operator == "not":
        return code.unless_missing("not A", truth(node.operand, code))
    return code.unless_missing(f"{node.operator}A", code_of(node.operand, code))


@code_of.register
def _(node: Binary, code: Code) -> ast.expr:
    sides = code_of(node.left, code), code_of(node.right, code)
    sign = node.operator
    if sign == "**":
        return limited(code.strict_call(power, *sides), node.type, code)
    pattern = f"None if B == 0 else A {sign} B" if sign in _DIVISIONS else f"A {sign} B"
    return limited(code.unless_missing(pattern, *sides), node.type, code)


@code_of.register
def _(node: Compare, code: Code) -> ast.expr:
    pairs = [
        code.unless_missing(f"A {sign} B", code_of(left, code), code_of(right, code))
        for sign, (left, right) in zip(node.operators, pairwise(node.operands), strict=True)
    ]
    return pairs[0] if len(pairs) == 1 else code.call(all_true, ast.Tuple(pairs, ast.Load()))


@code_of.register
def _(node: Logic, code: Code) -> ast.expr:
    tests = [truth(operand, code) for operand in node.operands]
    decide = all_true if node.operator == "and" else any_true
    return code.call(decide, ast.Tuple(tests, ast.Load()))


@code_of.register
def _(node: Membership, code: Code) -> ast.expr:
    pattern = "A not in B" if node.negated else "A in B"
    return code.unless_missing(pattern, code_of(node.value, code), code_of(node.members, code))


@code_of.register
def _(node: Is, code: Code) -> ast.expr:
    value = code_of(node.value, code) if node.what is None else truth(node.value, code)
    return code.fill(
        "VALUE is not WHAT" if node.negated else "VALUE is WHAT", VALUE=value, WHAT=node.what
    )


@code_of.register
def _(node: Conditional, code: Code) -> ast.expr:
    return ast.IfExp(
        truth(node.condition, code), code_of(node.then, code), code_of(node.otherwise, code)
    )


@code_of.register
def _(node: Condition, code: Code) -> ast.expr:
    return code.fill("TEST is True", TEST=truth(node.operand, code))
