# SPDX-License-Identifier: GPL-3.0-or-later
"""From the text of an expression to its typed tree, through Python's own parser.

Everything that the language doesn't have is refused with its place.
"""

import ast
import difflib
import math
from collections.abc import Callable
from typing import Any, Final, NoReturn

from camcops.instruments.language import checking
from camcops.instruments.language.call_sites import Site
from camcops.instruments.language.checking import Mismatch
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.expansion import without_braces
from camcops.instruments.language.numbers import LARGEST_INTEGER
from camcops.instruments.language.scope import RESERVED, Scope
from camcops.instruments.language.signatures import FUNCTIONS
from camcops.instruments.language.tree import (
    Call,
    Conditional,
    Constant,
    Each,
    Logic,
    Names,
    Node,
    Reference,
    Table,
    Unary,
)
from camcops.instruments.language.types import (
    BOOLEAN,
    INTEGER,
    MISSING,
    NUMBER,
    TEXT,
    Type,
    list_of,
    row_of,
)

DEEPEST = 80
LONGEST = 50_000
_ARITHMETIC: Final = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_COMPARISON: Final = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_FLAGS: Final = {"yes": True, "no": False}


def parse(source: str | int | float, scope: Scope) -> Node:
    """The typed tree of an expression; a number or truth value (as YAML gave it) stands for itself.

    LanguageError for whatever the language refuses.
    """
    if isinstance(source, str):
        text = source.strip()
        if text in _FLAGS:
            return Constant(BOOLEAN, _FLAGS[text])
        return _Parser(text, scope).parse()
    if isinstance(source, bool):
        return Constant(BOOLEAN, source)
    return _number(source, str(source))


def parse_condition(source: str | int | float, scope: Scope) -> Node:
    """As `parse`, where only true or not true is asked for: missing counts as False."""
    node = parse(source, scope)
    try:
        return checking.counts_as_false(checking.condition(node, scope))
    except Mismatch as mismatch:
        raise LanguageError(str(mismatch), str(source)) from None


def _number(value: int | float, source: str, column: int = 0) -> Constant:
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise LanguageError("an integer of more than 53 bits", source, column)
        return Constant(INTEGER, value)
    if not math.isfinite(value):
        raise LanguageError("not a finite number", source, column)
    return Constant(NUMBER, value)


class _Parser:
    """One expression being read."""

    def __init__(self, source: str, scope: Scope) -> None:
        self.source = source
        self.scope = scope
        self.variables: dict[str, Type] = {}
        self.python = ""
        self.columns: list[int] = []

    def parse(self) -> Node:
        if not self.source:
            raise LanguageError("an empty expression")
        self.python, self.columns = without_braces(self.source)
        if len(self.python) > LONGEST:
            raise LanguageError("too long an expression", self.source[:80])
        try:
            tree = ast.parse(self.python, mode="eval").body
        except SyntaxError as error:
            column = self.columns[min(max((error.offset or 1) - 1, 0), len(self.columns) - 1)]
            raise LanguageError(f"syntax: {error.msg}", self.source, column) from None
        except ValueError:
            raise LanguageError("a character that no text may hold", self.source) from None
        except (RecursionError, MemoryError):
            raise LanguageError("too deeply nested", self.source[:80]) from None
        self.check_depth(tree)
        return self.node(tree)

    def check_depth(self, tree: ast.expr) -> None:
        level: list[ast.AST] = [tree]
        for _ in range(DEEPEST):
            level = [child for node in level for child in ast.iter_child_nodes(node)]
            if not level:
                return
        raise LanguageError("too deeply nested: name a part of it under define", self.source)

    def fail(self, message: str, at: ast.AST) -> NoReturn:
        raise LanguageError(message, self.source, self.column(at))

    def column(self, at: ast.AST) -> int:
        before = self.python.encode()[: getattr(at, "col_offset", 0)]
        return self.columns[len(before.decode())]

    def node(self, at: ast.expr) -> Node:
        """The typed node of any expression."""
        method = _METHODS.get(type(at))
        if method is None:
            self.fail(f"the language has no such thing ({_spoken(at)})", at)
        try:
            return method(self, at)
        except Mismatch as mismatch:
            self.fail(str(mismatch), at)

    # --- values and names ---

    def constant(self, at: ast.Constant) -> Node:
        value = at.value
        if value is None:
            return Constant(MISSING, None)
        if isinstance(value, bool):
            return Constant(BOOLEAN, value)
        if isinstance(value, int | float):
            return _number(value, self.source, self.column(at))
        if not isinstance(value, str):
            self.fail("only numbers, texts, True, False and None are constants", at)
        return Constant(TEXT, value or None)

    def name(self, at: ast.Name) -> Node:
        name = at.id
        if name in self.variables:
            return Reference(self.variables[name], Names.VARIABLE, name)
        if name == "row" and self.scope.row:
            return Reference(row_of(self.scope.row), Names.ROW, name)
        symbol = self.scope.find(name)
        if symbol is None:
            self.unknown(name, at)
        return checking.use_symbol(name, symbol, self.scope)

    def unknown(self, name: str, at: ast.AST) -> NoReturn:
        if name in RESERVED:
            self.fail(f"no {name} here", at)
        if name in FUNCTIONS:
            self.fail(f"{name} is a function: {FUNCTIONS[name].usage}", at)
        known = [*self.variables, *self.scope.symbols]
        near = difflib.get_close_matches(name, known, 1) or difflib.get_close_matches(
            name, FUNCTIONS, 1
        )
        self.fail(f"unknown name {name}" + (f": did you mean {near[0]}?" if near else ""), at)

    def attribute(self, at: ast.Attribute) -> Node:
        if isinstance(at.value, ast.Name) and at.value.id not in self.variables:
            dotted = f"{at.value.id}.{at.attr}"
            symbol = self.scope.find(dotted)
            if symbol is not None:
                return checking.use_symbol(dotted, symbol, self.scope)
            if at.value.id == "settings":
                if self.scope.stored:
                    self.fail(f"{dotted}: {checking.FORMS_ONLY}", at)
                return Reference(TEXT, Names.FACT, dotted, dotted)
            if at.value.id in ("patient", "user"):
                self.unknown(dotted, at)
        base = self.node(at.value)
        if not base.type.table:
            self.fail(f"only a row has columns, not {checking.describe(base.type)}", at)
        return checking.row_value(base, at.attr, self.scope)

    def items(self, at: ast.List) -> Node:
        return checking.make_list(tuple(self.node(item) for item in at.elts))

    def generator(self, at: ast.GeneratorExp) -> Node:
        if len(at.generators) > 1 or len(at.generators[0].ifs) > 1:
            self.fail("one `for` and one `if` at most", at)
        clause = at.generators[0]
        if clause.is_async or not isinstance(clause.target, ast.Name):
            self.fail("say f(x … for x in list)", at)
        variable = clause.target.id
        if variable in self.variables or variable in FUNCTIONS or variable in RESERVED:
            self.fail(f"a name with two meanings: {variable}", clause.target)
        if self.scope.find(variable) is not None:
            self.fail(f"a name with two meanings: {variable}", clause.target)
        source = self.node(clause.iter)
        if source.type.item is None:
            self.fail(f"needs a list after `in`, not {checking.describe(source.type)}", clause.iter)
        self.variables[variable] = source.type.item
        element = self.node(at.elt)
        test = None
        if clause.ifs:
            test = checking.condition(self.node(clause.ifs[0]), self.scope)
        del self.variables[variable]
        item = element.type.item or element.type
        return Each(list_of(item), variable, source, element, test)

    # --- operators ---

    def unary(self, at: ast.UnaryOp) -> Node:
        operand = self.node(at.operand)
        if isinstance(at.op, ast.USub):
            return checking.negate(operand)
        if isinstance(at.op, ast.UAdd):
            return checking.positive(operand)
        if not isinstance(at.op, ast.Not):
            self.fail("the language has no operator ~", at)
        return Unary(BOOLEAN, "not", checking.condition(operand, self.scope))

    def binary(self, at: ast.BinOp) -> Node:
        operator = _ARITHMETIC.get(type(at.op))
        if operator is None:
            self.fail("the language has no such operator", at)
        return checking.binary(operator, self.node(at.left), self.node(at.right))

    def logic(self, at: ast.BoolOp) -> Node:
        operands = tuple(checking.condition(self.node(v), self.scope) for v in at.values)
        return Logic(BOOLEAN, "and" if isinstance(at.op, ast.And) else "or", operands)

    def comparison(self, at: ast.Compare) -> Node:
        operators = [type(op) for op in at.ops]
        if all(op in _COMPARISON for op in operators):
            operands = tuple(self.node(part) for part in (at.left, *at.comparators))
            return checking.compare(
                tuple(_COMPARISON[op] for op in operators),
                operands,
                self.scope,
            )
        if len(operators) > 1:
            self.fail("`is` and `in` stand alone: put the parts in brackets", at)
        left, right = self.node(at.left), at.comparators[0]
        if isinstance(at.ops[0], ast.In | ast.NotIn):
            negated = isinstance(at.ops[0], ast.NotIn)
            return checking.membership(left, self.node(right), negated, self.scope)
        what = right.value if isinstance(right, ast.Constant) else ...
        if what is not None and not isinstance(what, bool):
            self.fail("only None, True and False follow `is`", at)
        return checking.identity(left, what, isinstance(at.ops[0], ast.IsNot), self.scope)

    def conditional(self, at: ast.IfExp) -> Node:
        test = checking.condition(self.node(at.test), self.scope)
        then, otherwise = self.node(at.body), self.node(at.orelse)
        common = checking.common_type([then.type, otherwise.type])
        return Conditional(common, test, then, otherwise)

    # --- functions ---

    def call(self, at: ast.Call) -> Node:
        if not isinstance(at.func, ast.Name):
            self.fail("only functions are called", at)
        name = at.func.id
        function = FUNCTIONS.get(name)
        if function is None:
            near = difflib.get_close_matches(name, FUNCTIONS, 1)
            hint = f": did you mean {near[0]}?" if near else ""
            self.fail(f"unknown function {name}{hint}", at)
        if at.keywords:
            self.fail(f"{function.usage} takes no named arguments", at)
        count = len(at.args)
        if count < function.least or (function.most is not None and count > function.most):
            self.fail(f"{function.usage} can't be called with {count} arguments", at)
        if name in checking.CLOCK and self.scope.stored:
            self.fail(f"{name}(): {checking.FORMS_ONLY}", at)
        nodes = [
            self.table(arg)
            if name == "recode" and i == 1 and isinstance(arg, ast.Dict)
            else self.node(arg)
            for i, arg in enumerate(at.args)
        ]
        site = self.site(name, nodes, at)
        result = function.typing(site)
        return Call(result, name, tuple(site.nodes))

    def site(self, name: str, nodes: list[Node], at: ast.Call) -> Site:
        def fail(message: str, index: int | None) -> NoReturn:
            self.fail(f"{name}: {message}", at if index is None else at.args[index])

        return Site(
            nodes,
            fail,
            know=lambda node: checking.know(node, self.scope),
            examine=lambda node: checking.examine(node, self.scope),
        )

    def table(self, at: ast.Dict) -> Table:
        keys: list[Constant] = []
        seen: set[object] = set()
        for written in at.keys:
            key = None if written is None else self.node(written)
            if not isinstance(key, Constant) or key.value is None:
                self.fail("the keys of a map are numbers, texts or truth values", written or at)
            if key.value in seen:
                self.fail("a key stands twice in the map", written or at)
            seen.add(key.value)
            keys.append(key)
        if not keys:
            self.fail("an empty map", at)
        results = tuple(self.node(value) for value in at.values)
        checking.common_type([key.type for key in keys])
        return Table(checking.common_type([node.type for node in results]), tuple(keys), results)


def _spoken(at: ast.AST) -> str:
    return {
        "Dict": "a map stands only in recode()",
        "Set": "braces here need `,` or `..` without spaces, or `key: value`",
        "Subscript": "use item() for []",
        "ListComp": "a generator stands in round brackets",
        "JoinedStr": "f'…'",
    }.get(type(at).__name__, type(at).__name__)


_METHODS: Final[dict[type[ast.expr], Callable[[_Parser, Any], Node]]] = {
    ast.Constant: _Parser.constant,
    ast.Name: _Parser.name,
    ast.Attribute: _Parser.attribute,
    ast.List: _Parser.items,
    ast.GeneratorExp: _Parser.generator,
    ast.UnaryOp: _Parser.unary,
    ast.BinOp: _Parser.binary,
    ast.BoolOp: _Parser.logic,
    ast.Compare: _Parser.comparison,
    ast.IfExp: _Parser.conditional,
    ast.Call: _Parser.call,
}
