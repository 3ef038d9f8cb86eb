# SPDX-License-Identifier: GPL-3.0-or-later
"""What every part of the compiler shares: Python put together from small patterns.

A pattern is an expression that stands in this package's source; names in capitals stand in it for other
parts, `env` for the environment. No text of a definition is ever read as Python: what a definition holds
reaches the code as constants.
"""

import ast
from collections.abc import Callable, Mapping
from functools import cache, singledispatch
from typing import Any

from camcops.instruments.language.environment import Closure
from camcops.instruments.language.numbers import LARGEST_INTEGER, LARGEST_NUMBER
from camcops.instruments.language.tree import Node
from camcops.instruments.language.types import BOOLEAN, INTEGER, NUMBER, Type

_LITERALS = (bool, int, float, str)


class Code:
    """The code of one function, being put together."""

    def __init__(self) -> None:
        self._constants: dict[str, Any] = {"__builtins__": {}}
        self._kept = 0

    def function(self, body: ast.expr) -> Closure:
        """The function of an environment that computes `body`."""
        tree = ast.fix_missing_locations(ast.Expression(self.fill("lambda env: BODY", BODY=body)))
        made: Closure = eval(compile(tree, "<rule>", "eval"), self._constants)  # noqa: S307 (ours)
        return made

    def constant(self, value: Any) -> ast.expr:
        """A value as it is: a literal or, if Python has none for it, a name of it."""
        if value is None or type(value) in _LITERALS:
            return ast.Constant(value)
        name = f"constant{len(self._constants)}"
        self._constants[name] = value
        return ast.Name(name, ast.Load())

    def fill(self, pattern: str, **parts: object) -> ast.expr:
        """The pattern with its parts: code, or values."""
        code = {
            name: part if isinstance(part, ast.expr) else self.constant(part)
            for name, part in parts.items()
        }
        filled: ast.expr = _filled(_parsed(pattern), code)
        return filled

    def keep(self, value: ast.expr) -> tuple[ast.expr, ast.expr]:
        """A value that is computed and kept; and what was kept, for afterwards."""
        self._kept += 1
        name = f"kept{self._kept}"
        return ast.NamedExpr(ast.Name(name, ast.Store()), value), ast.Name(name, ast.Load())

    def unless_missing(self, pattern: str, *operands: ast.expr, **parts: object) -> ast.expr:
        """The pattern, in which A, B, … are the operands, if none of these is missing; else missing."""
        tests: list[ast.expr] = []
        for name, operand in zip("ABCDEFGH", operands, strict=False):
            if isinstance(operand, ast.Constant) and operand.value is not None:
                parts[name] = operand
                continue
            is_kept = isinstance(operand, ast.Name)
            value, parts[name] = (operand, operand) if is_kept else self.keep(operand)
            tests.append(self.fill("VALUE is None", VALUE=value))
        result = self.fill(pattern, **parts)
        if not tests:
            return result
        test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
        return ast.IfExp(test, ast.Constant(None), result)

    def call(self, function: Callable[..., Any], *arguments: ast.expr) -> ast.expr:
        """A call of a function of ours."""
        return ast.Call(self.constant(function), list(arguments), [])

    def strict_call(self, function: Callable[..., Any], *arguments: ast.expr) -> ast.expr:
        """The same, but missing if an argument is."""
        names = ", ".join("ABCDEFGH"[: len(arguments)])
        return self.unless_missing(f"CALLED({names})", *arguments, CALLED=function)


@cache
def _parsed(pattern: str) -> ast.expr:
    return ast.parse(pattern, mode="eval").body


def _filled(pattern: Any, parts: Mapping[str, ast.expr]) -> Any:
    if isinstance(pattern, list):
        return [_filled(one, parts) for one in pattern]
    if not isinstance(pattern, ast.AST):
        return pattern
    if isinstance(pattern, ast.Name):
        return parts.get(pattern.id, pattern)
    fields = {name: _filled(value, parts) for name, value in ast.iter_fields(pattern)}
    return type(pattern)(**fields)


@singledispatch
def code_of(node: Node, code: Code) -> ast.expr:
    """The code of a node, by its kind."""
    raise TypeError(f"nothing compiles {type(node).__name__}")


def limited(value: ast.expr, type_: Type, code: Code) -> ast.expr:
    """The value, with overflow and not-a-number as missing, if it is a number."""
    if type_ not in (INTEGER, NUMBER):
        return value
    largest = LARGEST_INTEGER if type_ == INTEGER else LARGEST_NUMBER
    within = "A if LEAST <= A <= MOST else None"
    return code.unless_missing(within, value, LEAST=-largest, MOST=largest)


def truth(node: Node, code: Code) -> ast.expr:
    """The node as a condition: True, False or missing.

    A number is true if not 0, text or a time if not missing.
    """
    value = code_of(node, code)
    if node.type == BOOLEAN:
        return value
    return code.unless_missing("A != 0" if node.type.is_numeric else "True", value)
