# SPDX-License-Identifier: GPL-3.0-or-later
"""What names mean where an expression stands."""

import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.signatures import FUNCTIONS
from camcops.instruments.language.types import INTEGER, MISSING, Type

RESERVED = frozenset({"row", "row_number", "row_count", "this"})
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?", re.ASCII)


class SymbolKind(Enum):
    """What sort of thing a name is."""

    FIELD = auto()
    GROUP = auto()
    COMPUTED = auto()
    FACT = auto()
    ROWS = auto()


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name's meaning.

    `members` are those of a group (fields, computed names, facts, other groups). `form_only`, if
    nothing stored may reach it, says why: for a computed name, what it reaches (`today()`). The type of a
    computed name is MISSING until it has been worked out.
    """

    kind: SymbolKind
    type: Type = MISSING
    members: tuple[str, ...] = ()
    form_only: str | None = None


def declare(pairs: Iterable[tuple[str, Symbol]]) -> dict[str, Symbol]:
    """The symbols by name; LanguageError if a name can't be one or has two meanings."""
    symbols: dict[str, Symbol] = {}
    for name, symbol in pairs:
        check_name(name)
        if name in symbols:
            raise LanguageError("a name with two meanings", name)
        symbols[name] = symbol
    return symbols


def check_name(name: str) -> None:
    """LanguageError if nothing may be called so: a function's name, a keyword of Python, no name at all."""
    if not _NAME.fullmatch(name):
        raise LanguageError("not a name: letters, digits and _ only, no digit first", name)
    if name in FUNCTIONS:
        raise LanguageError(f"a name with two meanings: {name}() is a function", name)
    if any(keyword.iskeyword(part) for part in name.split(".")):
        raise LanguageError("a name with two meanings: it is a keyword of Python's", name)


Resolve = Callable[[str | None, str], Symbol]


@dataclass(frozen=True)
class Scope:
    """The names that an expression may use.

    `symbols` are those of the record; `tables` the columns and computed names of each child table's rows;
    `string_set` is where one-word texts are looked up. `stored`: what is parsed here is stored, so may reach
    neither the clock, the settings nor the wording. `row` is the child table of the row at hand; `this` the
    type of the answer in a grid's first column. `resolve(table, name)` tells a computed name's symbol once it
    is typed (`definitions` supplies it).
    """

    symbols: Mapping[str, Symbol]
    tables: Mapping[str, Mapping[str, Symbol]] = field(default_factory=dict)
    string_set: str = ""
    stored: bool = False
    row: str | None = None
    this: Type | None = None
    resolve: Resolve | None = None

    def for_storage(self) -> "Scope":
        """The same names, for what is stored."""
        return replace(self, stored=True)

    def for_forms(self) -> "Scope":
        """The same names, for what is only shown."""
        return replace(self, stored=False)

    def at_row(self, table: str) -> "Scope":
        """The same names where a row of that table is at hand."""
        return replace(self, row=table)

    def with_symbols(self, symbols: Mapping[str, Symbol]) -> "Scope":
        """With these names as well; LanguageError if one has a meaning already."""
        return replace(self, symbols=declare([*self.symbols.items(), *symbols.items()]))

    def find(self, name: str) -> Symbol | None:
        """What the name means, computed names with their type."""
        if name in RESERVED:
            return self._at_hand(name)
        symbol = self.symbols.get(name)
        if symbol is not None and symbol.kind is SymbolKind.COMPUTED and self.resolve:
            return self.resolve(None, name)
        return symbol

    def column(self, table: str, name: str) -> Symbol | None:
        """What the name means in a row of that table."""
        symbol = self.tables.get(table, {}).get(name)
        if symbol is not None and symbol.kind is SymbolKind.COMPUTED and self.resolve:
            return self.resolve(table, name)
        return symbol

    def _at_hand(self, name: str) -> Symbol | None:
        if name == "this":
            return Symbol(SymbolKind.FACT, self.this) if self.this else None
        if name in ("row_number", "row_count") and self.row:
            return Symbol(SymbolKind.FACT, INTEGER)
        return None
