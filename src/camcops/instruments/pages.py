# SPDX-License-Identifier: GPL-3.0-or-later
"""The form as a typed tree: pages, their elements, and the rules that lead from page to page."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from camcops.instruments.choices import ChoiceSet
from camcops.instruments.compiling import Expression, FieldRef, Text


@dataclass(frozen=True)
class Row:
    """One question of a grid or of ticks: a field, how it is asked, and with which choices."""

    field: FieldRef
    ask: Text | None
    choices: ChoiceSet | None
    required: bool = True


@dataclass(frozen=True)
class SecondColumn:
    """The second column of a grid (`also`): of answers with choices, or of ticks beside the words `tick`."""

    rows: tuple[Row, ...]
    heading: Text | None
    required: Expression | None
    tick: Text | None
    side: str


@dataclass(frozen=True)
class Action:
    """What a button does (`do`)."""

    fill: tuple[FieldRef, ...] = ()
    value: Expression | None = None
    add: str | None = None
    columns: Mapping[str, Expression] = dataclasses.field(default_factory=dict)
    unless: Expression | None = None
    say: Text | None = None
    deletes_row: bool = False
    move: int = 0


@dataclass(frozen=True)
class Cell:
    """A cell of `columns` or `rows`: the elements in it."""

    elements: tuple["Element", ...]


@dataclass(frozen=True)
class RowGroup:
    """Rows of a table element; `table`: once for each row of that child table."""

    table: str | None
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Element:
    """One element of a page. `kind` is its word in the definition.

    What kind has what: `text` the words of text, heading, button, row, list; `field` the one field asked;
    `rows` the questions of a grid or ticks; `elements` those inside a group, flow or each (`table`: once for
    each row); `cells` those of columns; `row_groups` those of rows. `keys` holds the other keys, compiled:
    expressions, texts, flags, numbers, words, by their name in the definition.
    """

    kind: str
    line: int
    when: Expression | None = None
    style: frozenset[str] = frozenset()
    text: Text | None = None
    field: FieldRef | None = None
    required: Expression | None = None
    ask: Text | None = None
    hint: Text | None = None
    clears: tuple[FieldRef, ...] = ()
    choices: ChoiceSet | None = None
    rows: tuple[Row, ...] = ()
    also: SecondColumn | None = None
    action: Action | None = None
    table: str | None = None
    elements: tuple["Element", ...] = ()
    cells: tuple[Cell, ...] = ()
    row_groups: tuple[RowGroup, ...] = ()
    keys: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def is_question(self) -> bool:
        return self.field is not None or bool(self.rows)

    def asked(self) -> Iterator[Row]:
        """Each field this element itself asks, with its words and choices."""
        if self.field is not None:
            yield Row(self.field, self.ask, self.choices)
        yield from self.rows
        if self.also is not None:
            yield from self.also.rows
        for key in ("description", "years_ago"):
            if key in self.keys:
                yield Row(self.keys[key], None, None, required=False)

    def inner(self) -> Iterator["Element"]:
        """The elements directly inside."""
        yield from self.elements
        for cell in self.cells:
            yield from cell.elements
        for group in self.row_groups:
            for row in group.rows:
                for cell in row:
                    yield from cell.elements

    def walk(self) -> Iterator["Element"]:
        """This element and all inside it, in order."""
        yield self
        for element in self.inner():
            yield from element.walk()


@dataclass(frozen=True)
class Check:
    """A page's condition for going on, and what is said while it isn't true."""

    that: Expression
    otherwise: Text


@dataclass(frozen=True)
class Rule:
    """A rule of a walk: if it holds, tallies change and perhaps the next page is named."""

    condition: Expression | None
    add: Mapping[str, Expression]
    set: Mapping[str, Expression]
    go: str | None
    line: int


@dataclass(frozen=True)
class Page:
    """One page; with `table`, one for each row of that child table."""

    elements: tuple[Element, ...]
    line: int
    id: str | None = None
    title: Text | None = None
    index: Text | None = None
    audience: str = "patient"
    when: Expression | None = None
    table: str | None = None
    scroll: bool = True
    checks: tuple[Check, ...] = ()
    rules: tuple[Rule, ...] = ()

    def walk(self) -> Iterator[Element]:
        """All elements, in order."""
        for element in self.elements:
            yield from element.walk()
