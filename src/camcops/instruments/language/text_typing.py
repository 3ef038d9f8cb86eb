# SPDX-License-Identifier: GPL-3.0-or-later
"""The types that functions of texts and strings take and give."""

from collections.abc import Iterable

from camcops.instruments.language.call_sites import Site
from camcops.instruments.language.tree import ListOf, Names, Node, Reference, RowValue, Unary
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
    unify,
)


def _spellable(member: Type) -> bool:
    return member.is_text or member in (INTEGER, NUMBER, DATE, TIME, DATETIME, MISSING)


def type_of_concat(site: Site) -> Type:
    """Text, or words if a part is."""
    for index, node in enumerate(site.nodes):
        if not _spellable(node.type):
            site.fail(f"needs texts or numbers, not {node.type}", index)
    return _text_of(node.type for node in site.nodes)


def type_of_join(site: Site) -> Type:
    """Text, or words if a member or the separator is."""
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


def type_of_item(site: Site) -> Type:
    """The type of the members, or text from a comma-separated text."""
    site.expect(1, (INTEGER, BOOLEAN), "an integer")
    item = site.nodes[0].type.item
    if item is not None:
        if item == MIXED:
            site.fail("mixed types: the members of the list have no type in common", 0)
        return item
    site.nodes[0] = site.examine(site.nodes[0])
    site.expect(0, (TEXT,), "a list or a comma-separated text")
    return TEXT


def type_of_string(site: Site) -> Type:
    """Words, by a name that is text."""
    site.nodes[0] = site.examine(site.nodes[0])
    site.expect(0, (TEXT,), "a string's name, which is text")
    return WORDING


def is_field(node: Node) -> bool:
    """Is it the plain name of a field, of the record or of a row?"""
    if isinstance(node, RowValue):
        return not node.computed
    return isinstance(node, Reference) and node.names is Names.FIELD


def type_of_option(site: Site) -> Type:
    """Words, of a plain field."""
    if not is_field(site.nodes[0]):
        site.fail("needs the name of a field", 0)
    return WORDING


def type_of_ticked(site: Site) -> Type:
    """Words, of a list of plain fields that are true or false."""
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
