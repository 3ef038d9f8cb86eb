# SPDX-License-Identifier: GPL-3.0-or-later
"""The types that list functions take and give."""

from camcops.instruments.language.call_sites import Site, Typing
from camcops.instruments.language.types import (
    BOOLEAN,
    INTEGER,
    MISSING,
    MIXED,
    NUMBER,
    Type,
    list_of,
    unify_members,
)


def type_of_sum(site: Site) -> Type:
    """Of integers and truth values an integer, else a number."""
    for index in range(len(site.nodes)):
        site.need_numbers(index)
    return NUMBER if NUMBER in site.members() else INTEGER


def type_of_mean(site: Site) -> Type:
    """Always a number."""
    type_of_sum(site)
    return NUMBER


def type_of_extreme(site: Site) -> Type:
    """What the members have in common, which must have an order; of truth values an integer."""
    for index, member in enumerate(site.members()):
        if not member.is_ordered and member != MISSING:
            site.fail(f"needs numbers or times, not {member}", index)
    common = unify_members(site.members())
    if common == MIXED:
        site.fail("mixed types: " + ", ".join(map(str, site.members())), None)
    return INTEGER if common == BOOLEAN else common


def of_conditions(result: Type) -> Typing:
    """The rule of a function whose members are conditions."""

    def typing(site: Site) -> Type:
        for index, (node, member) in enumerate(zip(site.nodes, site.members(), strict=True)):
            if not member.is_condition:
                site.fail(f"needs conditions, not {member}", index)
            site.nodes[index] = site.know(node)
        return result

    return typing


def of_whatever(result: Type) -> Typing:
    """The rule of a function that only asks what is missing."""

    def typing(site: Site) -> Type:
        for index, (node, member) in enumerate(zip(site.nodes, site.members(), strict=True)):
            if member.table:
                site.fail("a row is never missing: name one of its columns", index)
            site.nodes[index] = site.know(node)
        return result

    return typing


def type_of_whole(site: Site) -> Type:
    """The list of the members."""
    of_whatever(BOOLEAN)(site)
    return list_of(unify_members(site.members()))


def type_of_at_least(site: Site) -> Type:
    """The list itself."""
    item = site.expect_list(0)
    site.nodes[0] = site.know(site.nodes[0])
    site.expect(1, (INTEGER, BOOLEAN), "an integer")
    return list_of(item)


def type_of_prorated(site: Site) -> Type:
    """Always a number."""
    site.expect_list(0)
    site.need_numbers(0)
    site.expect(1, (INTEGER, BOOLEAN), "an integer")
    return NUMBER


def type_of_len(site: Site) -> Type:
    """An integer, of any list."""
    site.expect_list(0)
    return INTEGER


def type_of_last(site: Site) -> Type:
    """A row, of a list of rows."""
    item = site.expect_list(0)
    if not item.table:
        site.fail(f"needs the rows of a child table, not a list of {item}", 0)
    return item
