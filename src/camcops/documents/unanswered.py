# SPDX-License-Identifier: GPL-3.0-or-later
"""Which required answers are missing, by the words with which they are asked."""

from collections.abc import Iterator

from camcops.documents.answers import is_missing
from camcops.documents.record_values import StoredValues, places
from camcops.documents.templates import number_of
from camcops.documents.tree import text_of
from camcops.documents.wording import Wording
from camcops.instruments.language.environment import Environment
from camcops.instruments.pages import Element, Row

_MOST_LETTERS = 60


def unanswered(
    wording: Wording, env: Environment, values: StoredValues, path: tuple[int, ...] | None
) -> tuple[str, ...]:
    """The shown, required questions without an answer, in the form's order, each once."""
    found: dict[str, None] = {}
    for index, page in enumerate(wording.instrument.definition.pages):
        if path is not None and index not in path:
            continue
        for at in places(page.table, env):
            if page.when is None or page.when.holds(at):
                for element in page.elements:
                    found.update(dict.fromkeys(_lacking(element, wording, at, values)))
    return tuple(found)


def _lacking(
    element: Element, wording: Wording, env: Environment, values: StoredValues
) -> Iterator[str]:
    if element.when is not None and not element.when.holds(env):
        return
    if element.is_question and (element.required is None or element.required.holds(env)):
        for row in element.asked():
            if row.required and is_missing(values.value(row.field, env)):
                yield short_question(row, wording, env)
    for at in places(element.table, env):
        for inner in element.elements:
            yield from _lacking(inner, wording, at, values)
    for cell in element.cells:
        for inner in cell.elements:
            yield from _lacking(inner, wording, env, values)
    for group in element.row_groups:
        for at in places(group.table, env):
            for inner in (one for row in group.rows for cell in row for one in cell.elements):
                yield from _lacking(inner, wording, at, values)


def short_question(row: Row, wording: Wording, env: Environment) -> str:
    """A question as short as it is recognised; in a child table with the number of its row."""
    question = wording.question(row.field, row.ask, env)
    text = " ".join(text_of(question).split())
    if len(text) > _MOST_LETTERS:
        text = text[:_MOST_LETTERS].rsplit(" ", 1)[0] + "…"
    number = number_of(row.field.name, question)
    if number:
        text = f"{number}. {text}"
    if row.field.table is not None and env.row is not None:
        text += f" ({wording.labels['row'].format(number=env.row.number)})"
    return text
