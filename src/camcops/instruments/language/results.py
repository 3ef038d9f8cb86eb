# SPDX-License-Identifier: GPL-3.0-or-later
"""Code of bands, cases and templates."""

import ast

from camcops.instruments.language.formats import MISSING_SHOWN, show
from camcops.instruments.language.patterns import Code, code_of, truth
from camcops.instruments.language.tree import Bands, Cases, Hole, Node, Template
from camcops.instruments.language.words import Words


def _or_missing(node: Node | None, code: Code) -> ast.expr:
    return ast.Constant(None) if node is None else code_of(node, code)


@code_of.register
def _(node: Bands, code: Code) -> ast.expr:
    value, kept = code.keep(code_of(node.value, code))
    found = _or_missing(node.below, code)
    for step in node.steps:
        found = code.fill(
            f"RESULT if VALUE {'>' if step.open else '>='} BOUND else LOWER",
            RESULT=code_of(step.result, code),
            VALUE=kept,
            BOUND=step.bound,
            LOWER=found,
        )
    missing = _or_missing(node.missing, code)
    return code.fill(
        "MISSING if VALUE is None else FOUND", MISSING=missing, VALUE=value, FOUND=found
    )


@code_of.register
def _(node: Cases, code: Code) -> ast.expr:
    found = _or_missing(node.otherwise, code)
    for condition, result in reversed(node.cases):
        found = ast.IfExp(truth(condition, code), code_of(result, code), found)
    return found


@code_of.register
def _(node: Hole, code: Code) -> ast.expr:
    value, kept = code.keep(code_of(node.value, code))
    shown = code.call(show(node.value.type, node.format), kept)
    pattern = "MISSING if VALUE is None else SHOWN"
    return code.fill(pattern, MISSING=MISSING_SHOWN, VALUE=value, SHOWN=shown)


@code_of.register
def _(node: Template, code: Code) -> ast.expr:
    fixed = [part for part in node.parts if not isinstance(part, Hole)]
    if len(fixed) == len(node.parts):
        return code.constant(Words.of(*fixed))
    parts = [
        code_of(part, code) if isinstance(part, Hole) else code.constant(part)
        for part in node.parts
    ]
    return code.call(Words.of, *parts)
