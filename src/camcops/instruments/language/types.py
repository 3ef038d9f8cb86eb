# SPDX-License-Identifier: GPL-3.0-or-later
"""The static types of expressions, and which of them go together."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Type:
    """A type: `word` is its name; a list has an `item` type, a row the `table` it belongs to."""

    word: str
    item: "Type | None" = None
    table: str | None = None

    @property
    def is_list(self) -> bool:
        return self.item is not None

    @property
    def is_numeric(self) -> bool:
        """May it be reckoned with? A truth value counts as 0 or 1."""
        return self in NUMERIC

    @property
    def is_text(self) -> bool:
        return self in _TEXTS

    @property
    def is_ordered(self) -> bool:
        """May it be compared by order? Numbers and times; never text."""
        return self.is_numeric or self in (DATE, TIME, DATETIME)

    @property
    def is_condition(self) -> bool:
        """May it stand where a condition is asked for?"""
        return self.is_ordered or self.is_text or self == MISSING

    def __str__(self) -> str:
        if self.item is not None:
            return f"list of {self.item}"
        return f"row of {self.table}" if self.table else self.word


BOOLEAN = Type("boolean")
INTEGER = Type("integer")
NUMBER = Type("number")
TEXT = Type("text")
WORDS = Type("words")  # text made of strings: passed on and shown, its content never compared
WORDING = Type("wording")  # as WORDS, and whether there is any depends on the strings there are
DATE = Type("date")
TIME = Type("time")
DATETIME = Type("datetime")
MISSING = Type("missing")  # the type of None, which goes with any other
MIXED = Type("mixed")  # members of a list that have no type in common
NUMERIC = (BOOLEAN, INTEGER, NUMBER)
_TEXTS = (TEXT, WORDS, WORDING)  # each holds those before it


def list_of(item: Type) -> Type:
    """The type of a list with such members."""
    return Type("list", item=item)


def row_of(table: str) -> Type:
    """The type of a row of that child table."""
    return Type("row", table=table)


def unify(a: Type, b: Type) -> Type | None:
    """The type that holds both, or None where there is none.

    Integers are numbers and plain text is text; a truth value is no number here (`int(c)` makes it one).
    """
    if a == b or b == MISSING:
        return a
    if a == MISSING:
        return b
    pair = {a, b}
    if pair == {INTEGER, NUMBER}:
        return NUMBER
    if a.is_text and b.is_text:
        return max(a, b, key=_TEXTS.index)
    if a.item is not None and b.item is not None:
        item = unify(a.item, b.item)
        return None if item is None else list_of(item)
    return None


def unify_members(types: Iterable[Type]) -> Type:
    """The type of the members of a list: as `unify`, but truth values count as 0 and 1 among numbers.

    `MIXED` where the members have nothing in common: such a list may be asked which of its members are
    missing, and nothing else.
    """
    common = MISSING
    for member in types:
        if {common, member} <= {BOOLEAN, INTEGER, NUMBER} and common != member:
            common = NUMBER if NUMBER in (common, member) else INTEGER
            continue
        joined = unify(common, member)
        if joined is None:
            return MIXED
        common = joined
    return common


def comparable(a: Type, b: Type) -> bool:
    """May `==` stand between them?"""
    if a.is_numeric and b.is_numeric:
        return True
    if a.is_text and b.is_text:
        return True
    return a == b and a in (DATE, TIME, DATETIME)
