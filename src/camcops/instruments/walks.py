# SPDX-License-Identifier: GPL-3.0-or-later
"""Walk a branching interview: from page to page by the answers, changing tallies on the way."""

from collections.abc import Iterator

from camcops.instruments.language.environment import Environment
from camcops.instruments.model import Instrument
from camcops.instruments.page_compiler import END
from camcops.instruments.pages import Element, Page, Rule

COMPLETE = "walk_complete"


def take_walk(instrument: Instrument, environment: Environment) -> tuple[int, ...]:
    """Walk from the first page; tallies and `walk_complete` are set in the environment.

    Gives the pages on the path, by their place in the form. At a page with a required answer missing the
    walk stops, after that page's rules.
    """
    pages = instrument.definition.pages
    places = {page.id: index for index, page in enumerate(pages) if page.id is not None}
    path: list[int] = []
    environment.set_fact(COMPLETE, False)
    index = 0
    while index < len(pages):
        page = pages[index]
        if page.when is not None and not page.when.holds(environment):
            index += 1
            continue
        path.append(index)
        goal = _apply_rules(page, environment)
        if any(_lacks_answer(page, at) for at in _places(page.table, environment)):
            return tuple(path)
        if goal == END:
            break
        index = places[goal] if goal is not None else index + 1
    environment.set_fact(COMPLETE, True)
    return tuple(path)


def _places(table: str | None, environment: Environment) -> Iterator[Environment]:
    """The record itself; or, of what repeats for each row of a table, the record at each row."""
    if table is None:
        yield environment
        return
    for index in range(len(environment.rows.get(table, ()))):
        yield environment.at_row(table, index)


def _apply_rules(page: Page, environment: Environment) -> str | None:
    """Apply every rule that holds, in order; the first `go` among them decides."""
    goal: str | None = None
    for at in _places(page.table, environment):
        for rule in page.rules:
            if rule.condition is not None and not rule.condition.holds(at):
                continue
            _change_tallies(rule, at)
            goal = goal or rule.go
    return goal


def _change_tallies(rule: Rule, at: Environment) -> None:
    """A tally given a missing value stays as it was."""
    for name, expression in rule.add.items():
        value = expression.value(at)
        if value is not None:
            at.root.set_fact(name, at.facts[name] + value)
    for name, expression in rule.set.items():
        value = expression.value(at)
        if value is not None:
            at.root.set_fact(name, int(value) if isinstance(value, bool) else value)


def _lacks_answer(page: Page, environment: Environment) -> bool:
    return any(_element_lacks(element, environment) for element in page.elements)


def _element_lacks(element: Element, environment: Environment) -> bool:
    """Is a shown, required answer missing in this element or inside it?"""
    if element.when is not None and not element.when.holds(environment):
        return False
    if element.is_question and _question_lacks(element, environment):
        return True
    if element.table is not None:
        return any(
            _element_lacks(inner, at)
            for at in _places(element.table, environment)
            for inner in element.elements
        )
    if any(_element_lacks(inner, environment) for inner in element.elements):
        return True
    if any(_element_lacks(inner, environment) for cell in element.cells for inner in cell.elements):
        return True
    return any(
        _element_lacks(inner, at)
        for group in element.row_groups
        for at in _places(group.table, environment)
        for row in group.rows
        for cell in row
        for inner in cell.elements
    )


def _question_lacks(element: Element, environment: Environment) -> bool:
    if element.required is not None and not element.required.holds(environment):
        return False
    for row in element.asked():
        if not row.required:
            continue
        here = environment.row.fields if row.field.table and environment.row else environment.fields
        if here[row.field.name] is None:
            return True
    return False
