# SPDX-License-Identifier: GPL-3.0-or-later
"""A readable codebook of an instrument: what is asked, what may be answered, how it is scored."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from camcops.instruments.compiling import FieldRef, Text
from camcops.instruments.definition import Form
from camcops.instruments.in_words import computed_in_words, in_words
from camcops.instruments.language.definitions import Definition
from camcops.instruments.language.environment import Environment, Program
from camcops.instruments.model import Field, Instrument
from camcops.instruments.reading import limits_in_words
from camcops.instruments.strings import Strings

_WIDTH = 100


def codebook(instrument: Instrument, strings: Strings) -> Iterator[str]:
    """The codebook, line by line, in plain text."""
    writer = _Codebook(instrument, strings)
    yield from writer.heading()
    if instrument.finished:
        yield from writer.fields("Answers", None, instrument.fields)
    else:
        yield from writer.bare_fields("Answers", instrument.fields)
    for table in instrument.tables.values():
        title = f"Rows of {table.name}"
        if instrument.finished:
            yield from writer.fields(title, table.name, table.fields)
        else:
            yield from writer.bare_fields(title, table.fields)
    if instrument.finished:
        yield from writer.rules()


class _Codebook:
    def __init__(self, instrument: Instrument, strings: Strings) -> None:
        self._instrument = instrument
        self._strings = strings

    def heading(self) -> Iterator[str]:
        instrument = self._instrument
        title = f"{instrument.title} ({instrument.short_name})"
        yield title
        yield "=" * len(title)
        if instrument.description:
            yield instrument.description
        subject = "anonymous" if instrument.is_anonymous else "about a patient"
        people = f"; with {' and '.join(instrument.people)}" if instrument.people else ""
        yield f"Table {instrument.table}, version {instrument.version}; {subject}{people}."
        yield from _wrapped(f"Rights: {instrument.rights}")
        if instrument.source:
            yield from _wrapped(f"Source: {instrument.source}")
        if not instrument.finished:
            yield "Only its structure is defined: it is not scored."

    def bare_fields(self, title: str, fields: Mapping[str, Field]) -> Iterator[str]:
        """Fields of an instrument that has no form yet."""
        yield from ("", title, "-" * len(title))
        for field in fields.values():
            yield from self._field(field, field.about or "", [])

    def fields(self, title: str, table: str | None, fields: Mapping[str, Field]) -> Iterator[str]:
        form = self._instrument.definition.form
        yield from ("", title, "-" * len(title))
        for field in fields.values():
            ref = FieldRef(table, field.name)
            ask = form.asks.get(ref)
            words = self._strings.find(self._instrument.string_set, field.name)
            question = self._plain(ask) if ask is not None else words or field.about or ""
            yield from self._field(field, question, self._options(form, ref))

    def _field(self, field: Field, question: str, options: list[str]) -> Iterator[str]:
        facts = [str(field.type)]
        if field.is_limited and not options:
            facts.append(limits_in_words(field))
        if field.unit:
            facts.append(f"unit {field.unit}")
        if field.length:
            facts.append(f"at most {field.length} characters")
        if field.hidden:
            facts.append("never asked")
        yield f"{field.name}: {', '.join(facts)}"
        if question:
            yield from _wrapped(question, "    ")
        for option in options:
            yield from _wrapped(option, "    ")

    def _options(self, form: Form, ref: FieldRef) -> list[str]:
        choices = form.options.get(ref)
        if choices is None:
            return []
        return [f"{choice.value} = {self._plain(choice.label)}" for choice in choices.choices]

    def _plain(self, text: Text) -> str:
        """A text, of an empty record."""
        return self._strings.render(text.words(Environment(Program(), {})))

    def rules(self) -> Iterator[str]:
        rules = self._instrument.definition.rules
        computed = rules.definitions.entries
        scores = {name: computed[name] for name in rules.scores}
        others = {n: d for n, d in computed.items() if n not in scores and n != "complete"}
        yield from self._entries("Scores", scores)
        yield from self._entries("Worked out on the way", others)
        yield from ("", "Complete", "--------")
        yield from _wrapped(in_words(computed["complete"].node), "    ")

    def _entries(self, title: str, entries: Mapping[str, Definition]) -> Iterator[str]:
        if not entries:
            return
        yield from ("", title, "-" * len(title))
        scores = self._instrument.definition.rules.scores
        for name, entry in entries.items():
            score = scores.get(name)
            label = f" — {self._plain(score.label)}" if score and score.label else ""
            out_of = f", out of {score.out_of.source}" if score and score.out_of else ""
            yield f"{name}: {entry.type}{out_of}{label}"
            for line in computed_in_words(entry.node, self._strings):
                yield from _wrapped(line, "    ")


def _wrapped(text: Any, indent: str = "") -> list[str]:
    return textwrap.wrap(str(text), _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")
