# SPDX-License-Identifier: GPL-3.0-or-later
"""What a computed name may be: an expression, or a map of `value`, `bands`, `cases` or `from`."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from camcops.instruments.language import checking
from camcops.instruments.language.checking import Mismatch
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.parser import parse
from camcops.instruments.language.scope import Scope
from camcops.instruments.language.text import parse_text
from camcops.instruments.language.tree import (
    Bands,
    Cases,
    Constant,
    Names,
    Node,
    Reference,
    Step,
    Template,
)
from camcops.instruments.language.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    INTEGER,
    MISSING,
    NUMBER,
    TEXT,
    TIME,
    WORDS,
    Type,
    unify,
)

Content = str | int | float | None | Mapping[str, Any]
TYPES = {
    "boolean": BOOLEAN,
    "bit": INTEGER,
    "integer": INTEGER,
    "number": NUMBER,
    "text": TEXT,
    "date": DATE,
    "time": TIME,
    "datetime": DATETIME,
}
_KINDS = ("value", "bands", "cases", "from")
_OPEN_BOUND = re.compile(r">\s*([+-]?(?:\d+\.?\d*|\.\d+))", re.ASCII)


def parse_content(name: str, content: Content, scope: Scope) -> Node:
    """The typed node of an entry's content, of its declared type if it declares one."""
    if not isinstance(content, Mapping):
        return _expression(name, content, scope)
    kinds = [kind for kind in _KINDS if kind in content]
    if len(kinds) != 1:
        raise LanguageError("needs one of value, bands, cases and from", name)
    declared = _declared(name, content)
    match kinds[0]:
        case "value":
            node = _expression(name, content["value"], scope)
        case "bands":
            node = _bands(name, content, scope)
        case "cases":
            node = _cases(name, content["cases"], scope, as_text=declared == TEXT)
        case _:
            return _procedure(name, content, declared)
    return node if declared is None else _of_type(name, node, declared)


def _declared(name: str, content: Mapping[str, Any]) -> Type | None:
    word = content.get("type")
    if word is None:
        return None
    if word not in TYPES:
        raise LanguageError(f"no type {word}: one of {', '.join(TYPES)}", name)
    return TYPES[word]


def _of_type(name: str, node: Node, declared: Type) -> Node:
    """The node as what it is declared to be: an integer may be a number, words are text."""
    if declared == TEXT and node.type.is_text:
        return node
    if unify(node.type, declared) != declared:
        raise LanguageError(
            f"is {checking.describe(node.type)}, but declared to be {declared}", name
        )
    return node if node.type == declared else Cases(declared, (), node)


def _expression(name: str, source: object, scope: Scope) -> Node:
    if source is None:
        return Constant(MISSING, None)
    if not isinstance(source, str | int | float):
        raise LanguageError(f"needs an expression, not {type(source).__name__}", name)
    return parse(source, scope)


def _procedure(name: str, content: Mapping[str, Any], declared: Type | None) -> Node:
    if content["from"] != "procedure":
        raise LanguageError(f"comes from a procedure, not from {content['from']}", name)
    if declared is None:
        raise LanguageError("from a procedure: needs its type", name)
    return Reference(declared, Names.FACT, name)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bands(name: str, content: Mapping[str, Any], scope: Scope) -> Node:
    value = _expression(name, content["bands"], scope)
    if not value.type.is_numeric:
        raise LanguageError(
            f"bands are of a number, not of {checking.describe(value.type)}", str(content["bands"])
        )
    bounds = content.get("at")
    if not isinstance(bounds, Mapping) or not bounds.keys() - {"missing"}:
        raise LanguageError("bands need `at: {bound: result, …}`", name)
    given = [*bounds.values(), *([content["else"]] if "else" in content else [])]
    as_text = content.get("type") == "text" or not all(map(_is_number, given))
    result = _text_result if as_text else _number_result
    below = result(content["else"], scope) if "else" in content else None
    missing = result(bounds["missing"], scope) if "missing" in bounds else None
    steps = [
        Step(*_bound(name, bound), result(outcome, scope))
        for bound, outcome in bounds.items()
        if bound != "missing"
    ]
    steps.sort(key=lambda step: (step.bound, step.open))
    for one, next_ in pairwise(steps):
        if (one.bound, one.open) == (next_.bound, next_.open):
            raise LanguageError(f"the bound {one.bound} stands twice", name)
    integers = all(isinstance(outcome, int) for outcome in given)
    common = WORDS if as_text else INTEGER if integers else NUMBER
    return Bands(common, value, tuple(steps), below, missing)


def _bound(name: str, bound: object) -> tuple[float, bool]:
    if _is_number(bound):
        assert isinstance(bound, int | float)
        return bound, False
    match = _OPEN_BOUND.fullmatch(bound.strip()) if isinstance(bound, str) else None
    if match is None:
        raise LanguageError(f'a bound is a number or ">number", not {bound!r}', name)
    return float(match[1]), True


def _text_result(outcome: Any, scope: Scope) -> Node:
    if not isinstance(outcome, str | int | float) or isinstance(outcome, bool):
        raise LanguageError("a result is a number or a text", str(outcome))
    return parse_text(outcome, scope)


def _number_result(outcome: Any, scope: Scope) -> Node:
    return parse(outcome, scope)


def _cases(name: str, cases: object, scope: Scope, *, as_text: bool) -> Node:
    if not isinstance(cases, list) or not cases:
        raise LanguageError("cases are a list of {condition: result}", name)
    pairs: list[tuple[Node, Node]] = []
    otherwise: Node | None = None
    for case in cases:
        if not isinstance(case, Mapping) or len(case) != 1:
            raise LanguageError("each case is one {condition: result}", name)
        if otherwise is not None:
            raise LanguageError("else comes last", name)
        ((condition, result),) = case.items()
        node = _case_result(name, result, scope, as_text=as_text)
        if condition == "else":
            otherwise = node
        else:
            pairs.append((_case_condition(name, condition, scope), node))
    results = [result for _, result in pairs] + ([otherwise] if otherwise else [])
    try:
        common = checking.common_type([result.type for result in results])
    except Mismatch as mismatch:
        raise LanguageError(str(mismatch), name) from None
    return Cases(common, tuple(pairs), otherwise)


def _case_condition(name: str, condition: object, scope: Scope) -> Node:
    try:
        return checking.condition(_expression(name, condition, scope), scope)
    except Mismatch as mismatch:
        raise LanguageError(str(mismatch), str(condition)) from None


def _case_result(name: str, result: object, scope: Scope, *, as_text: bool) -> Node:
    if not as_text:
        return _expression(name, result, scope)
    if result is None or (isinstance(result, str) and result.strip() == "None"):
        return Constant(MISSING, None)
    if not isinstance(result, str | int | float):
        raise LanguageError(f"a result is a text, not {result!r}", name)
    template: Template = parse_text(result, scope)
    return template
