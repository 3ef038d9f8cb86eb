# SPDX-License-Identifier: GPL-3.0-or-later
"""Typed nodes made from typed parts: every rule about which types go together, and what may be examined.

Each maker gives the node or raises `Mismatch`, which the parser turns into an error with its place.
"""

from camcops.instruments.language.scope import Scope, Symbol, SymbolKind
from camcops.instruments.language.tree import (
    Binary,
    Call,
    Compare,
    Condition,
    Constant,
    Is,
    ListOf,
    Membership,
    Names,
    Node,
    Reference,
    Rendered,
    RowValue,
    Unary,
    walk,
)
from camcops.instruments.language.types import (
    BOOLEAN,
    INTEGER,
    MISSING,
    NUMBER,
    TEXT,
    WORDING,
    WORDS,
    Type,
    comparable,
    list_of,
    unify,
    unify_members,
)

CLOCK = ("today", "now")
FORMS_ONLY = "forms know it, but this is stored, and may not depend on it"
_INTEGERS_ONLY = ("//", "%")
_ALWAYS_NUMBER = ("/", "**")


class Mismatch(Exception):
    """The parts don't go together; says why."""


def describe(type_: Type) -> str:
    """The type, for a sentence."""
    return "None" if type_ == MISSING else str(type_)


def know(node: Node, scope: Scope) -> Node:
    """The node where it is asked whether it is missing: `string()` and its kin depend on the wording."""
    return _seen(node, scope, (WORDING,))


def examine(node: Node, scope: Scope) -> Node:
    """The node where its content is looked at, which for text made of strings depends on the language."""
    return _seen(node, scope, (WORDS, WORDING))


def _seen(node: Node, scope: Scope, unseen: tuple[Type, ...]) -> Node:
    if (node.type.item or node.type) not in unseen:
        return node
    if scope.stored:
        raise Mismatch("text made of strings may be passed on but not examined in what is stored: "
                       "it differs between languages")  # fmt: skip
    return Rendered(list_of(TEXT) if node.type.is_list else TEXT, node)


def condition(node: Node, scope: Scope) -> Node:
    """The node where true or false is asked for."""
    if not node.type.is_condition:
        raise Mismatch(f"needs a condition, not {node.type}")
    return know(node, scope)


def counts_as_false(node: Node) -> Node:
    """A condition that is either true or not."""
    return node if isinstance(node, Condition) else Condition(BOOLEAN, node)


def make_list(items: tuple[Node, ...]) -> ListOf:
    """A list; truth values among numbers become 0 and 1."""
    item = unify_members(node.type.item or node.type for node in items)
    if item in (INTEGER, NUMBER):
        items = tuple(Unary(INTEGER, "+", i) if i.type == BOOLEAN else i for i in items)
    return ListOf(list_of(item), items)


def negate(node: Node) -> Node:
    """`-x`; of a constant, the constant."""
    _need_number(node, "-")
    if isinstance(node, Constant) and isinstance(node.value, int | float):
        return Constant(NUMBER if node.type == NUMBER else INTEGER, -node.value)
    return Unary(NUMBER if node.type == NUMBER else INTEGER, "-", node)


def positive(node: Node) -> Node:
    """`+x`."""
    _need_number(node, "+")
    return Unary(NUMBER if node.type == NUMBER else INTEGER, "+", node)


def _need_number(node: Node, operator: str) -> None:
    if not node.type.is_numeric:
        hint = "; join texts with concat()" if operator == "+" and node.type.is_text else ""
        raise Mismatch(f"{operator} needs numbers, not {describe(node.type)}{hint}")


def binary(operator: str, left: Node, right: Node) -> Node:
    """Arithmetic."""
    for side in (left, right):
        _need_number(side, operator)
        if operator in _INTEGERS_ONLY and side.type == NUMBER:
            raise Mismatch(f"{operator} takes integers only")
    if operator in _ALWAYS_NUMBER or NUMBER in (left.type, right.type):
        return Binary(NUMBER, operator, left, right)
    return Binary(INTEGER, operator, left, right)


def compare(operators: tuple[str, ...], operands: tuple[Node, ...], scope: Scope) -> Node:
    """`== != < <= > >=`, chained or not."""
    seen = tuple(examine(node, scope) if node.type.is_text else node for node in operands)
    for operator, left, right in zip(operators, seen, seen[1:], strict=False):
        a, b = left.type, right.type
        if MISSING in (a, b):
            raise Mismatch(f"{operator} None is never true: say `is None` or `is not None`")
        if operator not in ("==", "!=") and (a.is_text or b.is_text):
            raise Mismatch("text can't be compared by order")
        if not comparable(a, b):
            raise Mismatch(f"mixed types: {a} {operator} {b}")
    return Compare(BOOLEAN, operators, seen)


def membership(value: Node, members: Node, negated: bool, scope: Scope) -> Node:
    """`in`, `not in`."""
    item = members.type.item
    if item is None:
        raise Mismatch(f"`in` needs a list, not {describe(members.type)}")
    if value.type.is_text:
        value, members = examine(value, scope), examine(members, scope)
        item = members.type.item
    if item is not None and item != MISSING and not comparable(value.type, item):
        raise Mismatch(f"mixed types: {describe(value.type)} is never in a list of {item}")
    return Membership(BOOLEAN, value, members, negated)


def identity(value: Node, what: bool | None, negated: bool, scope: Scope) -> Node:
    """`is None`, `is True`, `is False`."""
    if what is not None:
        value = condition(value, scope)
    elif value.type.is_text:
        value = know(value, scope)
    return Is(BOOLEAN, value, what, negated)


def common_type(types: list[Type]) -> Type:
    """The type that branches share; Mismatch if they share none."""
    common = MISSING
    for type_ in types:
        joined = unify(common, type_)
        if joined is None:
            raise Mismatch(f"branches of different type: {common} and {type_}")
        common = joined
    return common


def use_symbol(name: str, symbol: Symbol, scope: Scope) -> Node:
    """The node of a plain name that isn't a generator's variable."""
    if symbol.kind is SymbolKind.GROUP:
        return make_list(tuple(group_members(name, scope, ())))
    if symbol.kind is SymbolKind.COMPUTED and symbol.form_only and scope.stored:
        raise Mismatch(f"{name} reaches {symbol.form_only}: {FORMS_ONLY}")
    if symbol.form_only and scope.stored:
        raise Mismatch(f"{name}: {FORMS_ONLY}")
    return Reference(symbol.type, _NAMES[symbol.kind], name, symbol.form_only)


_NAMES = {
    SymbolKind.FIELD: Names.FIELD,
    SymbolKind.COMPUTED: Names.COMPUTED,
    SymbolKind.FACT: Names.FACT,
    SymbolKind.ROWS: Names.ROWS,
}


def group_members(name: str, scope: Scope, inside: tuple[str, ...]) -> list[Node]:
    """The members of a group, groups in it opened."""
    if name in inside:
        raise Mismatch("a cycle of groups: " + " → ".join((*inside, name)))
    symbol = scope.find(name)
    if symbol is None:
        raise Mismatch(f"unknown name {name} in the group {inside[-1]}")
    if symbol.kind is not SymbolKind.GROUP:
        return [use_symbol(name, symbol, scope)]
    members: list[Node] = []
    for member in symbol.members:
        members += group_members(member, scope, (*inside, name))
    return members


def row_value(row: Node, name: str, scope: Scope) -> Node:
    """`row.x`: a column or computed name of a row."""
    table = row.type.table
    assert table is not None
    symbol = scope.column(table, name)
    if symbol is None:
        raise Mismatch(f"unknown name {name} in the rows of {table}")
    if symbol.form_only and scope.stored:
        raise Mismatch(f"{name} reaches {symbol.form_only}: {FORMS_ONLY}")
    computed = symbol.kind is SymbolKind.COMPUTED
    return RowValue(symbol.type, row, name, computed, symbol.form_only)


def form_only(node: Node) -> str | None:
    """Why nothing stored may reach this, if so."""
    for part in walk(node):
        if isinstance(part, Reference | RowValue) and part.form_only:
            is_fact = isinstance(part, Reference) and part.names is Names.FACT
            return part.name if is_fact else part.form_only
        if isinstance(part, Call) and part.function in CLOCK:
            return f"{part.function}()"
        if isinstance(part, Rendered):
            return "the content of text made of strings"
    return None
