# SPDX-License-Identifier: GPL-3.0-or-later
"""Every function of the language: how it is called, what it takes, and the type of what it gives."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from camcops.instruments.language.tree import (
    Constant,
    ListOf,
    Names,
    Node,
    Reference,
    RowValue,
    Table,
    Unary,
)
from camcops.instruments.language.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    INTEGER,
    MISSING,
    MIXED,
    NUMBER,
    TEXT,
    TIME,
    WORDING,
    Type,
    comparable,
    list_of,
    unify,
    unify_members,
)


@dataclass
class Site:
    """One call being checked: its arguments, and how to complain.

    `know` and `examine` give the node in a form whose being missing, or whose content, may be looked at;
    they fail where that would let a language decide.
    """

    nodes: list[Node]
    fail: Callable[[str, int | None], NoReturn]
    know: Callable[[Node], Node]
    examine: Callable[[Node], Node]

    def members(self, start: int = 0) -> list[Type]:
        """The types of the members that the arguments from `start` bring."""
        return [member_type(node.type) for node in self.nodes[start:]]

    def expect(self, index: int, allowed: Sequence[Type], what: str) -> None:
        """The argument must be of one of these types (or be None)."""
        found = self.nodes[index].type
        if found not in allowed and found != MISSING:
            self.fail(f"needs {what} here, not {found}", index)

    def expect_list(self, index: int) -> Type:
        """The argument must be a list; gives the type of its members."""
        item = self.nodes[index].type.item
        if item is None:
            self.fail(f"needs a list here, not {self.nodes[index].type}", index)
        return item

    def numeric_members(self, start: int = 0, end: int | None = None) -> Type:
        """The members must be numbers (or truth values); gives their common type."""
        for index, member in enumerate(self.members(start)[: None if end is None else end - start]):
            if not member.is_numeric and member != MISSING:
                self.fail(f"needs numbers, not {member}", start + index)
        return unify_members(self.members(start)[: None if end is None else end - start])


Typing = Callable[[Site], Type]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its usage, the least and most arguments it takes, and its typing.

    `takes_members`: a list function, whose arguments may be values, lists and generators in any mixture.
    """

    usage: str
    least: int
    most: int | None
    typing: Typing
    takes_members: bool = False


def member_type(type_: Type) -> Type:
    """What a value or list brings among the members of a list function."""
    return type_ if type_.item is None else type_.item


def _sum(site: Site) -> Type:
    return NUMBER if site.numeric_members() == NUMBER else INTEGER


def _mean(site: Site) -> Type:
    site.numeric_members()
    return NUMBER


def _extreme(site: Site) -> Type:
    for index, member in enumerate(site.members()):
        if not member.is_ordered and member != MISSING:
            site.fail(f"needs numbers or times, not {member}", index)
    common = unify_members(site.members())
    if common == MIXED:
        site.fail("mixed types: " + ", ".join(map(str, site.members())), None)
    return INTEGER if common == BOOLEAN else common


def _conditions(result: Type) -> Typing:
    def typing(site: Site) -> Type:
        for index, (node, member) in enumerate(zip(site.nodes, site.members(), strict=True)):
            if not member.is_condition:
                site.fail(f"needs conditions, not {member}", index)
            site.nodes[index] = site.know(node)
        return result

    return typing


def _whichever(result: Type) -> Typing:
    def typing(site: Site) -> Type:
        for index, (node, member) in enumerate(zip(site.nodes, site.members(), strict=True)):
            if member.table:
                site.fail("a row is never missing: name one of its columns", index)
            site.nodes[index] = site.know(node)
        return result

    return typing


def _whole(site: Site) -> Type:
    _whichever(BOOLEAN)(site)
    return list_of(unify_members(site.members()))


def _at_least(site: Site) -> Type:
    item = site.expect_list(0)
    site.nodes[0] = site.know(site.nodes[0])
    site.expect(1, (INTEGER, BOOLEAN), "an integer")
    return list_of(item)


def _prorated(site: Site) -> Type:
    site.expect_list(0)
    site.numeric_members(0, 1)
    site.expect(1, (INTEGER, BOOLEAN), "an integer")
    return NUMBER


def _len(site: Site) -> Type:
    site.expect_list(0)
    return INTEGER


def _last(site: Site) -> Type:
    item = site.expect_list(0)
    if not item.table:
        site.fail(f"needs the rows of a child table, not a list of {item}", 0)
    return item


def _default(site: Site) -> Type:
    common = MISSING
    for index, node in enumerate(site.nodes):
        joined = unify(common, node.type)
        if joined is None:
            site.fail(f"mixed types: {common} and {node.type}", index)
        common = joined
    return common


def _keep(site: Site) -> Type:
    item = site.expect_list(1)
    if site.nodes[0].type.is_text:
        site.nodes[:] = map(site.examine, site.nodes)
        item = site.expect_list(1)
    found = site.nodes[0].type
    if item != MISSING and found != MISSING and not comparable(found, item):
        site.fail(f"mixed types: {found} is never in a list of {item}", 1)
    return found


def _recode(site: Site) -> Type:
    table = site.nodes[1]
    if not isinstance(table, Table):
        site.fail("needs a map {from: to, …} here", 1)
    if site.nodes[0].type.is_text:
        site.nodes[0] = site.examine(site.nodes[0])
    found = site.nodes[0].type
    for key in table.keys:
        if not comparable(found, key.type):
            site.fail(f"mixed types: {found} is never {key.type}", 1)
    common: Type | None = table.type
    if len(site.nodes) == 3:
        common = unify(table.type, site.nodes[2].type)
        if common is None:
            site.fail(f"mixed types: {table.type} and {site.nodes[2].type}", 2)
    assert common is not None
    return common


def _numbers(result: Type | None = None, *, optional_integer_last: bool = False) -> Typing:
    """Numbers throughout; without `result`, the type is integer if all are."""

    def typing(site: Site) -> Type:
        for index in range(len(site.nodes)):
            if optional_integer_last and index == 1:
                site.expect(1, (INTEGER, BOOLEAN), "an integer")
            else:
                site.expect(index, (BOOLEAN, INTEGER, NUMBER), "a number")
        if optional_integer_last:
            return INTEGER if len(site.nodes) == 1 else NUMBER
        return result or (NUMBER if any(node.type == NUMBER for node in site.nodes) else INTEGER)

    return typing


def _int(site: Site) -> Type:
    site.expect(0, (BOOLEAN,), "a condition")
    return INTEGER


def _number(site: Site) -> Type:
    site.nodes[0] = site.examine(site.nodes[0])
    site.expect(0, (TEXT,), "text")
    return NUMBER


def _dates(result: Type) -> Typing:
    def typing(site: Site) -> Type:
        for index in range(len(site.nodes)):
            site.expect(index, (DATE, DATETIME), "a date or date-time")
        return result

    return typing


def _minutes(site: Site) -> Type:
    for index in (0, 1):
        site.expect(index, (TIME, DATETIME), "a date-time (or time)")
    if unify(site.nodes[0].type, site.nodes[1].type) is None:
        site.fail("mixed types: a time and a date-time", 1)
    return NUMBER


def _spellable(member: Type) -> bool:
    return member.is_text or member in (INTEGER, NUMBER, DATE, TIME, DATETIME, MISSING)


def _concat(site: Site) -> Type:
    for index, node in enumerate(site.nodes):
        if not _spellable(node.type):
            site.fail(f"needs texts or numbers, not {node.type}", index)
    return _text_of(node.type for node in site.nodes)


def _join(site: Site) -> Type:
    item = site.expect_list(0)
    if not _spellable(item):
        site.fail(f"needs texts or numbers, not {item}", 0)
    if not site.nodes[1].type.is_text and site.nodes[1].type != MISSING:
        site.fail(f"needs a text between them, not {site.nodes[1].type}", 1)
    return _text_of((item, site.nodes[1].type))


def _text_of(types: Iterable[Type]) -> Type:
    common = TEXT
    for member in types:
        common = unify(common, member) or common
    return common


def _item(site: Site) -> Type:
    site.expect(1, (INTEGER, BOOLEAN), "an integer")
    item = site.nodes[0].type.item
    if item is not None:
        if item == MIXED:
            site.fail("mixed types: the members of the list have no type in common", 0)
        return item
    site.nodes[0] = site.examine(site.nodes[0])
    site.expect(0, (TEXT,), "a list or a comma-separated text")
    return TEXT


def _string(site: Site) -> Type:
    site.nodes[0] = site.examine(site.nodes[0])
    site.expect(0, (TEXT,), "a string's name, which is text")
    return WORDING


def is_field(node: Node) -> bool:
    """Is it the plain name of a field, of the record or of a row?"""
    if isinstance(node, RowValue):
        return not node.computed
    return isinstance(node, Reference) and node.names is Names.FIELD


def _option(site: Site) -> Type:
    if not is_field(site.nodes[0]):
        site.fail("needs the name of a field", 0)
    return WORDING


def _ticked(site: Site) -> Type:
    given = site.nodes[0]
    items = given.items if isinstance(given, ListOf) else ()
    fields = tuple(item.operand if isinstance(item, Unary) else item for item in items)
    if not fields or not all(map(is_field, fields)):
        site.fail("needs a list of fields", 0)
    for field in fields:
        if not field.type.is_numeric:
            site.fail(f"needs fields that are true or false, not {field.type}", 0)
    site.nodes[0] = ListOf(given.type, fields)
    return WORDING


def _fixed(result: Type) -> Typing:
    return lambda _site: result


FUNCTIONS: dict[str, Function] = {
    "sum": Function("sum(…)", 1, None, _sum, takes_members=True),
    "count": Function("count(…)", 1, None, _conditions(INTEGER), takes_members=True),
    "mean": Function("mean(…)", 1, None, _mean, takes_members=True),
    "min": Function("min(…)", 1, None, _extreme, takes_members=True),
    "max": Function("max(…)", 1, None, _extreme, takes_members=True),
    "any": Function("any(…)", 1, None, _conditions(BOOLEAN), takes_members=True),
    "all": Function("all(…)", 1, None, _conditions(BOOLEAN), takes_members=True),
    "answered": Function("answered(…)", 1, None, _whichever(BOOLEAN), takes_members=True),
    "n_answered": Function("n_answered(…)", 1, None, _whichever(INTEGER), takes_members=True),
    "n_missing": Function("n_missing(…)", 1, None, _whichever(INTEGER), takes_members=True),
    "whole": Function("whole(…)", 1, None, _whole, takes_members=True),
    "at_least": Function("at_least(list, k)", 2, 2, _at_least),
    "prorated": Function("prorated(list, k)", 2, 2, _prorated),
    "len": Function("len(list)", 1, 1, _len),
    "last": Function("last(rows)", 1, 1, _last),
    "default": Function("default(a, b, …)", 1, None, _default),
    "keep": Function("keep(x, list)", 2, 2, _keep),
    "reverse": Function("reverse(x, lo, hi)", 3, 3, _numbers()),
    "clamp": Function("clamp(x, lo, hi)", 3, 3, _numbers()),
    "recode": Function("recode(x, {from: to, …}, other)", 2, 3, _recode),
    "int": Function("int(c)", 1, 1, _int),
    "number": Function("number(text)", 1, 1, _number),
    "round": Function("round(x, dp)", 1, 2, _numbers(optional_integer_last=True)),
    "floor": Function("floor(x)", 1, 1, _numbers(INTEGER)),
    "ceil": Function("ceil(x)", 1, 1, _numbers(INTEGER)),
    "abs": Function("abs(x)", 1, 1, _numbers()),
    "sqrt": Function("sqrt(x)", 1, 1, _numbers(NUMBER)),
    "ln": Function("ln(x)", 1, 1, _numbers(NUMBER)),
    "log10": Function("log10(x)", 1, 1, _numbers(NUMBER)),
    "exp": Function("exp(x)", 1, 1, _numbers(NUMBER)),
    "years_between": Function("years_between(a, b)", 2, 2, _dates(INTEGER)),
    "days_between": Function("days_between(a, b)", 2, 2, _dates(INTEGER)),
    "minutes_between": Function("minutes_between(a, b)", 2, 2, _minutes),
    "month": Function("month(d)", 1, 1, _dates(INTEGER)),
    "concat": Function("concat(…)", 1, None, _concat),
    "join": Function("join(list, sep)", 2, 2, _join),
    "item": Function("item(list, i)", 2, 2, _item),
    "string": Function("string(name)", 1, 1, _string),
    "option": Function("option(field)", 1, 1, _option),
    "ticked": Function("ticked(list)", 1, 1, _ticked),
    "today": Function("today()", 0, 0, _fixed(DATE)),
    "now": Function("now()", 0, 0, _fixed(DATETIME)),
}


def is_unbounded(node: Node) -> bool:
    """Is it the literal None, by which `clamp` leaves a side open?"""
    return isinstance(node, Constant) and node.type == MISSING
