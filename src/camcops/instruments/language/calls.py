# SPDX-License-Identifier: GPL-3.0-or-later
"""Code of function calls."""

import ast
from collections.abc import Callable
from datetime import datetime

from camcops.instruments.language.environment import Environment, Value
from camcops.instruments.language.list_functions import OF_CONDITIONS, OF_MEMBERS, WITH_NUMBER
from camcops.instruments.language.patterns import Code, code_of, limited, truth
from camcops.instruments.language.references import each, gather, joined
from camcops.instruments.language.tree import (
    Call,
    Constant,
    Each,
    ListOf,
    Node,
    Reference,
    RowValue,
    Table,
)
from camcops.instruments.language.types import BOOLEAN
from camcops.instruments.language.value_functions import LENIENT, STRICT, join, words_of
from camcops.instruments.language.value_typing import is_unbounded

Arguments = tuple[Node, ...]


@code_of.register
def _(node: Call, code: Code) -> ast.expr:
    name, arguments = node.function, node.arguments
    if name in OF_MEMBERS:
        value = code.strict_call(OF_MEMBERS[name], gather(arguments, code))
    elif name in OF_CONDITIONS:
        value = code.strict_call(OF_CONDITIONS[name], _truths(arguments, code))
    elif name in _SPECIAL:
        value = _SPECIAL[name](arguments, code)
    else:
        values = [code_of(argument, code) for argument in arguments]
        if name in LENIENT:
            value = code.call(LENIENT[name], *values)
        else:
            value = code.strict_call(WITH_NUMBER.get(name) or STRICT[name], *values)
    return limited(value, node.type, code)


def _truths(nodes: Arguments, code: Code) -> ast.expr:
    """The members as conditions."""
    parts: list[tuple[bool, ast.expr]] = []
    for node in nodes:
        if isinstance(node, ListOf):
            parts.append((True, _truths(node.items, code)))
        elif isinstance(node, Each) and not node.element.type.is_list:
            parts.append((True, each(node, truth(node.element, code), code)))
        elif node.type.item is not None:
            parts.append((True, _truths_of_list(node, code)))
        else:
            parts.append((False, truth(node, code)))
    return joined(parts, code)


def _truths_of_list(node: Node, code: Code) -> ast.expr:
    members, item = code_of(node, code), node.type.item
    if item == BOOLEAN:
        return members
    is_true = "member != 0" if item is not None and item.is_numeric else "True"
    pattern = f"[None if member is None else {is_true} for member in A]"
    return code.unless_missing(pattern, members)


def _clamp(arguments: Arguments, code: Code) -> ast.expr:
    no_low, no_high = is_unbounded(arguments[1]), is_unbounded(arguments[2])

    def clamp(x: Value, low: Value, high: Value) -> Value:
        if x is None or (low is None and not no_low) or (high is None and not no_high):
            return None
        if low is not None and x < low:
            return low
        return high if high is not None and x > high else x

    return code.call(clamp, *(code_of(argument, code) for argument in arguments))


def _recode(arguments: Arguments, code: Code) -> ast.expr:
    given, table, *others = arguments
    assert isinstance(table, Table)
    keys = [key.value for key in table.keys]
    values = [result.value for result in table.results if isinstance(result, Constant)]
    if len(values) == len(keys):
        results = code.constant(dict(zip(keys, values, strict=True)))
    else:
        found = [code_of(result, code) for result in table.results]
        results = ast.Dict([code.constant(key) for key in keys], found)
    other = code_of(others[0], code) if others else None
    return code.unless_missing(
        "RESULTS.get(A, OTHER)", code_of(given, code), RESULTS=results, OTHER=other
    )


def _string(arguments: Arguments, code: Code) -> ast.expr:
    name = code_of(arguments[0], code)
    return code.unless_missing("WORDS_OF(env.labels.string(A))", name, WORDS_OF=words_of)


def _option(arguments: Arguments, code: Code) -> ast.expr:
    return code.unless_missing(
        "env.labels.option(PLACE, TABLE, FIELD, A) or None",
        code_of(arguments[0], code),
        **_place(arguments[0], code),
    )


def _ticked(arguments: Arguments, code: Code) -> ast.expr:
    fields = arguments[0]
    assert isinstance(fields, ListOf)
    pattern = "env.labels.label(PLACE, TABLE, FIELD) if TICKED else None"
    labels: list[ast.expr] = [
        code.fill(pattern, TICKED=truth(item, code), **_place(item, code)) for item in fields.items
    ]
    return code.call(join, ast.List(labels, ast.Load()), ast.Constant(", "))


def _place(node: Node, code: Code) -> dict[str, object]:
    """Where a field stands: the environment in which its labels are made, its table and name.

    If it stands in a row, the row is there, as its value is.
    """
    assert isinstance(node, Reference | RowValue)
    if isinstance(node, Reference):
        return {"PLACE": code.fill("env"), "TABLE": None, "FIELD": node.name}
    place = code.fill("ROW.environment", ROW=code_of(node.row, code))
    return {"PLACE": place, "TABLE": node.row.type.table, "FIELD": node.name}


def _now(_arguments: Arguments, code: Code) -> ast.expr:
    return code.fill("env.facts['now()']")


def _today(_arguments: Arguments, code: Code) -> ast.expr:
    return code.call(_day_of, code.fill("env"))


def _day_of(env: Environment) -> Value:
    now = env.facts["now()"]
    return now.date() if isinstance(now, datetime) else None


_SPECIAL: dict[str, Callable[[Arguments, Code], ast.expr]] = {
    "clamp": _clamp,
    "recode": _recode,
    "string": _string,
    "option": _option,
    "ticked": _ticked,
    "now": _now,
    "today": _today,
}
