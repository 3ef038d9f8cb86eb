# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of an instrument whose form is not defined: every stored field by its topic."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from camcops.documents.answers import AnswerWriter, is_long
from camcops.documents.tree import (
    Answer,
    AnswerRow,
    AnswerTable,
    Block,
    Grid,
    Heading,
    Picture,
    Section,
    SubHeading,
    plain,
)
from camcops.instruments.model import ChildTable, Field, FieldType, Instrument

_MOST_COLUMNS = 6


def structure_sections(
    instrument: Instrument,
    fields: Mapping[str, Any],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    blobs: Mapping[int, Any],
    writer: AnswerWriter,
) -> tuple[Section, ...]:
    """A section of the task's own fields, and one for each child table."""
    sections = []
    own = tuple(_blocks(instrument.fields.values(), fields, blobs, writer))
    if own:
        sections.append(Section(plain(writer.labels["answers"]), own))
    for child in instrument.tables.values():
        blocks = tuple(_child(child, rows.get(child.name, ()), blobs, writer))
        sections.append(Section(plain(child.name), blocks))
    return tuple(sections)


def topic(field: Field) -> str:
    """What a field is about, else its name."""
    about = field.about or field.name
    return about[:1].upper() + about[1:]


def _blocks(
    fields: Iterable[Field],
    values: Mapping[str, Any],
    blobs: Mapping[int, Any],
    writer: AnswerWriter,
) -> Iterator[Block]:
    rows: list[AnswerRow | SubHeading] = []
    after: list[Block] = []
    for field in fields:
        value = values.get(field.name)
        if field.type is FieldType.BLOB:
            after.append(_picture(field, value, blobs, writer))
        elif is_long(value):
            after.append(writer.free_text(plain(topic(field)), value))
        else:
            answer = checked_answer(field, value, writer)
            rows.append(AnswerRow("", plain(topic(field)), answer))
    if rows:
        yield AnswerTable(tuple(rows))
    yield from after


def checked_answer(field: Field, value: Any, writer: AnswerWriter) -> Answer:
    """The answer; one that the field does not permit is marked."""
    number = not isinstance(value, str) or field.type is FieldType.TEXT
    if value is not None and value != "" and number and not field.permits(value):
        return writer.invalid(field, value)
    return writer.answer(field, value)


def _picture(field: Field, value: Any, blobs: Mapping[int, Any], writer: AnswerWriter) -> Picture:
    return writer.picture(topic(field), plain(topic(field)), blobs.get(value))


def _child(
    child: ChildTable,
    rows: Sequence[Mapping[str, Any]],
    blobs: Mapping[int, Any],
    writer: AnswerWriter,
) -> Iterator[Block]:
    fields = list(child.fields.values())
    if not rows:
        yield AnswerTable((SubHeading(plain(writer.labels["none_recorded"])),))
        return
    simple = len(fields) <= _MOST_COLUMNS and not any(f.type is FieldType.BLOB for f in fields)
    if simple and not any(is_long(row.get(f.name)) for row in rows for f in fields):
        headings = (plain("#"), *(plain(topic(f)) for f in fields))
        lines = tuple(
            (
                Answer(plain(str(number))),
                *(checked_answer(f, row.get(f.name), writer) for f in fields),
            )
            for number, row in enumerate(rows, 1)
        )
        yield Grid((), headings, lines)
        return
    for number, row in enumerate(rows, 1):
        yield Heading(plain(f"{number}"), 3)
        yield from _blocks(fields, row, blobs, writer)
