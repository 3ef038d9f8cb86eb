# SPDX-License-Identifier: GPL-3.0-or-later
"""A call being checked: what its arguments are, and how to complain of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from camcops.instruments.language.tree import Node
from camcops.instruments.language.types import MISSING, Type


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

    def members(self) -> list[Type]:
        """The types of the members that the arguments bring."""
        return [member_type(node.type) for node in self.nodes]

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

    def need_numbers(self, index: int) -> None:
        """What the argument brings must be numbers (or truth values)."""
        member = member_type(self.nodes[index].type)
        if not member.is_numeric and member != MISSING:
            self.fail(f"needs numbers, not {member}", index)


def member_type(type_: Type) -> Type:
    """What a value or list brings among the members of a list function."""
    return type_ if type_.item is None else type_.item


Typing = Callable[[Site], Type]
