# SPDX-License-Identifier: GPL-3.0-or-later
"""The types that functions of single values take and give."""

from camcops.instruments.language.call_sites import Site, Typing
from camcops.instruments.language.tree import Constant, Node, Table
from camcops.instruments.language.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    INTEGER,
    MISSING,
    NUMBER,
    TEXT,
    TIME,
    Type,
    comparable,
    unify,
)


def type_of_default(site: Site) -> Type:
    """What the arguments have in common."""
    common = MISSING
    for index, node in enumerate(site.nodes):
        joined = unify(common, node.type)
        if joined is None:
            site.fail(f"mixed types: {common} and {node.type}", index)
        common = joined
    return common


def type_of_keep(site: Site) -> Type:
    """The type of the value, which must be comparable with the members."""
    item = site.expect_list(1)
    if site.nodes[0].type.is_text:
        site.nodes[:] = map(site.examine, site.nodes)
        item = site.expect_list(1)
    found = site.nodes[0].type
    if item != MISSING and found != MISSING and not comparable(found, item):
        site.fail(f"mixed types: {found} is never in a list of {item}", 1)
    return found


def type_of_recode(site: Site) -> Type:
    """What the results in the map, and the other, have in common."""
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


def of_numbers(result: Type | None = None, *, optional_integer_last: bool = False) -> Typing:
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


def type_of_int(site: Site) -> Type:
    """An integer, of a truth value only."""
    site.expect(0, (BOOLEAN,), "a condition")
    return INTEGER


def type_of_number(site: Site) -> Type:
    """A number, of text."""
    site.nodes[0] = site.examine(site.nodes[0])
    site.expect(0, (TEXT,), "text")
    return NUMBER


def of_dates(result: Type) -> Typing:
    """The rule of a function of dates and date-times, in any mixture."""

    def typing(site: Site) -> Type:
        for index in range(len(site.nodes)):
            site.expect(index, (DATE, DATETIME), "a date or date-time")
        return result

    return typing


def type_of_minutes(site: Site) -> Type:
    """A number, of two date-times or two times."""
    for index in (0, 1):
        site.expect(index, (TIME, DATETIME), "a date-time (or time)")
    if unify(site.nodes[0].type, site.nodes[1].type) is None:
        site.fail("mixed types: a time and a date-time", 1)
    return NUMBER


def of_nothing(result: Type) -> Typing:
    """The rule of a function without arguments."""
    return lambda _site: result


def is_unbounded(node: Node) -> bool:
    """Is it the literal None, by which `clamp` leaves a side open?"""
    return isinstance(node, Constant) and node.type == MISSING
