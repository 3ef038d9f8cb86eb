# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a record, as its instrument shapes them: its report's detail, or its pages in order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape, unescape
from itertools import zip_longest
from typing import Any

from camcops.documents.answers import AnswerWriter, is_long, is_missing
from camcops.documents.markup import blocks as read_blocks
from camcops.documents.record_values import StoredValues, places
from camcops.documents.templates import number_of, only_hole, tone_of
from camcops.documents.tree import (
    Answer,
    AnswerRow,
    AnswerTable,
    Block,
    Grid,
    Heading,
    Inline,
    ListBlock,
    Section,
    SubHeading,
    plain,
    text_of,
)
from camcops.documents.wording import Wording
from camcops.instruments.choices import ChoiceSet
from camcops.instruments.compiling import Text
from camcops.instruments.language.environment import Environment
from camcops.instruments.language.words import Words
from camcops.instruments.model import FieldType
from camcops.instruments.pages import Element, Page, Row, RowGroup

_UNKNOWN = "?"
_SILENT = frozenset(
    {"line", "space", "audio", "countdown", "button", "clinician", "respondent", "image"}
)


class DetailWriter:
    """Turns elements into blocks, one record at a time."""

    def __init__(
        self,
        wording: Wording,
        env: Environment,
        values: StoredValues,
        writer: AnswerWriter,
        path: tuple[int, ...] | None,
    ) -> None:
        self._wording = wording
        self._env = env
        self._values = values
        self._writer = writer
        self._path = path
        self._form = wording.instrument.definition.form
        self._blocks: list[Block] = []
        self._rows: list[AnswerRow | SubHeading] = []
        self._texts_too = False

    def sections(self) -> tuple[Section, ...]:
        """The report's detail where there is one; else each page that has answers or asks for some."""
        detail = self._form.report.detail
        if detail is not None:
            self._texts_too = True
            self._elements(detail, self._env)
        else:
            titled = len(self._form.pages) > 1
            for index, page in enumerate(self._form.pages):
                if self._path is None or index in self._path:
                    self._page(page, titled=titled)
        self._flush()
        if not self._blocks:
            return ()
        tabular = isinstance(self._blocks[0], AnswerTable | Grid)
        heading = plain(self._wording.labels["answers"]) if tabular else ()
        return (Section(heading, tuple(self._blocks)),)

    def _page(self, page: Page, *, titled: bool) -> None:
        several = sum(len(tuple(e.asked())) for e in page.walk() if e.is_question) > 1
        for env in places(page.table, self._env):
            if not self._is_shown(page, env):
                continue
            if page.title is not None and (page.table is not None or (titled and several)):
                self._subheading(page.title, env)
            self._elements(page.elements, env)

    def _is_shown(self, page: Page | Element, env: Environment) -> bool:
        """Shown to who answered; or answered all the same, since such an answer still counts."""
        if page.when is None or page.when.holds(env):
            return True
        elements = page.walk()
        return any(
            not is_missing(self._values.value(row.field, env))
            for element in elements
            for row in element.asked()
            if row.field.table is None or (env.row and env.row.table == row.field.table)
        )

    def _elements(self, elements: Iterable[Element], env: Environment) -> None:
        for element in elements:
            if element.kind not in _SILENT and self._is_shown(element, env):
                self._element(element, env)

    def _element(self, element: Element, env: Environment) -> None:
        special = self._special().get(element.kind)
        if special is not None:
            special(element, env)
        elif element.field is not None:
            self._question(element, env)
        elif element.row_groups and "headings" in element.keys and self._texts_too:
            self._columns(element, env)
        else:
            self._inside(element, env)

    def _special(self) -> Mapping[str, Callable[[Element, Environment], None]]:
        return {
            "text": self._text,
            "heading": self._heading,
            "grid": self._grid,
            "ticks": self._ticks,
            "photo": self._picture,
            "drawing": self._picture,
            "row": self._report_row,
            "list": self._list,
        }

    def _inside(self, element: Element, env: Environment) -> None:
        if element.table is not None:
            for at in places(element.table, env):
                self._elements(element.elements, at)
            return
        self._elements(element.elements, env)
        for cell in element.cells:
            self._elements(cell.elements, env)
        for group in element.row_groups:
            for at in places(group.table, env):
                for row in group.rows:
                    for cell in row:
                        self._elements(cell.elements, at)

    # --- questions

    def answer(self, row: Row, env: Environment, dp: int | None = None) -> Answer:
        """The answer to one question."""
        field = self._wording.field(row.field)
        value = self._values.value(row.field, env)
        if self._values.is_invalid(row.field, env):
            return self._writer.invalid(field, value)
        if is_missing(value):
            return self._writer.missing
        option = self._option(row, value, env)
        unworded = self._choices(row) is not None and not option
        if self._form.report.answers is not None and not unworded:
            return Answer(self._by_template(self._form.report.answers, row, value, option, env))
        return self._writer.answer(field, value, option, dp=dp)

    def _choices(self, row: Row) -> ChoiceSet | None:
        return row.choices or self._form.options.get(row.field)

    def _option(self, row: Row, value: Any, env: Environment) -> Inline:
        choices = self._choices(row)
        label = choices.label_of(value) if choices else None
        return self._wording.worded(label, env)

    def _by_template(
        self, template: Text, row: Row, value: Any, option: Inline, env: Environment
    ) -> Inline:
        field = self._wording.field(row.field)
        env.facts["value"] = escape(self._writer.text(field, value), quote=False)
        env.facts["option"] = escape(text_of(option), quote=False)
        return self._wording.say(template, env)

    def _question(self, element: Element, env: Environment) -> None:
        assert element.field is not None
        row = Row(element.field, element.ask, element.choices)
        question = self._wording.question(row.field, row.ask, env)
        field = self._wording.field(row.field)
        value = self._values.value(row.field, env)
        if field.type is FieldType.TEXT and is_long(value):
            self._put(self._writer.free_text(question, value))
            return
        answer = self.answer(row, env, element.keys.get("dp"))
        described = element.keys.get("description")
        if described is not None and answer.state == "answered":
            words = self._values.value(described, env)
            if not is_missing(words):
                answer = Answer(plain(str(words)), str(value))
        self._rows.append(AnswerRow(number_of(row.field.name, question), question, answer))

    def _grid(self, element: Element, env: Environment) -> None:
        title = element.keys.get("title")
        if element.also is not None:
            self._two_columns(element, env)
            return
        if title is not None:
            self._subheading(title, env)
        subtitles = element.keys.get("subtitles", {})
        numbered = element.keys.get("numbered", False)
        for number, row in enumerate(element.rows, 1):
            subtitle = subtitles.get(number) or subtitles.get(row.field.name)
            if subtitle is not None:
                self._subheading(subtitle, env)
            question = self._wording.question(row.field, row.ask, env)
            count = str(number) if numbered else number_of(row.field.name, question)
            self._rows.append(AnswerRow(count, question, self.answer(row, env)))

    def _two_columns(self, element: Element, env: Environment) -> None:
        also = element.also
        assert also is not None
        labels = self._wording.labels
        first = self._wording.say(element.keys.get("heading"), env) or plain(labels["answer"])
        second = self._wording.say(also.heading or also.tick, env)
        rows = tuple(
            (
                Answer(self._wording.question(row.field, row.ask, env)),
                self.answer(row, env),
                self.answer(other, env),
            )
            for row, other in zip(element.rows, also.rows, strict=True)
        )
        title = self._wording.say(element.keys.get("title"), env)
        self._put(Grid(title, (plain(labels["question"]), first, second), rows))

    def _ticks(self, element: Element, env: Environment) -> None:
        for row in element.rows:
            question = self._wording.question(row.field, row.ask, env)
            count = number_of(row.field.name, question)
            self._rows.append(AnswerRow(count, question, self.answer(row, env)))

    def _picture(self, element: Element, env: Environment) -> None:
        assert element.field is not None
        about = self._wording.topic(element.field)
        heading = self._wording.say(element.ask, env)
        named = () if self._texts_too else heading or plain(about)
        blob = self._values.blob(self._values.value(element.field, env))
        self._put(self._writer.picture(about, named, blob))

    # --- texts

    def _text(self, element: Element, env: Environment) -> None:
        if not self._texts_too or element.text is None:
            return
        hole = only_hole(element.text)
        if hole is not None:
            value = hole.value(env)
            text = unescape(str(value)) if value is not None else ""
            self._put(self._writer.free_text((), text))
        elif "heading" in element.style:
            self._heading(element, env)
        elif self._wording.worded(element.text, env):
            markup = self._wording.markup(element.text, env)
            for block in read_blocks(markup, tone_of(element.style)):
                self._put(block)

    def _heading(self, element: Element, env: Environment) -> None:
        if not self._texts_too:
            self._subheading(element.text, env)
            return
        words = self._wording.worded(element.text, env)
        if words:
            self._put(Heading(words))

    def _subheading(self, text: Text | None, env: Environment) -> None:
        words = self._wording.worded(text, env)
        if words:
            self._rows.append(SubHeading(words))

    def _report_row(self, element: Element, env: Environment) -> None:
        value: Text = element.keys["value"]
        question = self._wording.say(element.text, env)
        answer = self._templated(value, env)
        if is_long(text_of(answer.words)) and only_hole(value) is not None:
            self._put(self._writer.free_text(question, text_of(answer.words)))
        else:
            self._rows.append(AnswerRow("", question, answer))

    def _templated(self, value: Text, env: Environment) -> Answer:
        """The answer that a template gives; one that only says "?" is missing."""
        words = self._wording.say(value, env)
        if text_of(words) in ("", _UNKNOWN):
            return self._writer.missing
        hole = only_hole(value)
        if hole is not None and isinstance(hole.value(env), str):
            return Answer(plain(unescape(str(hole.value(env)))))
        return Answer(words)

    def _list(self, element: Element, env: Environment) -> None:
        if element.text is not None and element.text.source:
            self._put(Heading(self._wording.say(element.text, env), 4))
        items = element.keys["of"].value(env) or ()
        shown = tuple(self._item(item) for item in items if item is not None)
        self._put(ListBlock(shown or (plain(self._wording.labels["none_recorded"]),)))

    def _item(self, item: Any) -> Inline:
        return self._wording.words(item if isinstance(item, Words) else Words.of(str(item)))

    def _columns(self, element: Element, env: Environment) -> None:
        headings = tuple(self._wording.say(text, env) for text in element.keys["headings"])
        rows = tuple(row for group in element.row_groups for row in self._cells(group, env))
        if rows:
            self._put(Grid((), headings, rows))
        else:
            self._rows.append(SubHeading(plain(self._wording.labels["none_recorded"])))

    def _cells(self, group: RowGroup, env: Environment) -> Iterator[tuple[Answer, ...]]:
        for at in places(group.table, env):
            for row in group.rows:
                yield tuple(
                    self._cell(cell.elements[0], at) if cell.elements else Answer(())
                    for cell in row
                )

    def _cell(self, element: Element, env: Environment) -> Answer:
        if element.field is not None:
            return self.answer(Row(element.field, element.ask, element.choices), env)
        return self._templated(element.text, env) if element.text is not None else Answer(())

    # --- blocks

    def _put(self, block: Block) -> None:
        self._flush()
        self._blocks.append(block)

    def _flush(self) -> None:
        rows = [
            row
            for row, after in zip_longest(self._rows, self._rows[1:])
            if not (isinstance(row, SubHeading) and isinstance(after, SubHeading))
        ]
        if rows:
            self._blocks.append(AnswerTable(tuple(rows)))
        self._rows.clear()
