# SPDX-License-Identifier: GPL-3.0-or-later
"""An instrument's words about one record, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from html import escape
from typing import Any

from camcops.documents.markup import inline
from camcops.documents.tree import Inline
from camcops.instruments.compiling import FieldRef, Text
from camcops.instruments.language.environment import Environment
from camcops.instruments.language.words import StringRef, Words
from camcops.instruments.model import Field, Instrument
from camcops.instruments.strings import Strings


@dataclass(frozen=True)
class Wording:
    """Strings, language, labels and clock of the reader, for one instrument."""

    instrument: Instrument
    strings: Strings
    locale: str
    labels: Mapping[str, str]
    zone: tzinfo | None

    def markup(self, text: Text, env: Environment) -> str:
        """A Text of the definition as markup; `env` is one from `texts_escaped`."""
        return self.strings.render(text.words(env), self.locale)

    def say(self, text: Text | None, env: Environment) -> Inline:
        return () if text is None else inline(self.markup(text, env))

    def worded(self, text: Text | None, env: Environment) -> Inline:
        """As `say`, but nothing where the site has not supplied the words."""
        if text is None or not self._is_worded(text.words(env)):
            return ()
        return self.say(text, env)

    def _is_worded(self, words: Words) -> bool:
        return all(
            self.strings.find(part.set, part.name, self.locale) is not None
            for part in words.parts
            if isinstance(part, StringRef)
        )

    def words(self, words: Words) -> Inline:
        return inline(self.strings.render(words, self.locale))

    def field(self, ref: FieldRef) -> Field:
        if ref.table is not None:
            return self.instrument.tables[ref.table].fields[ref.name]
        return self.instrument.all_fields[ref.name]

    def topic(self, ref: FieldRef) -> str:
        """What a field is about: its topic with a capital, else its name."""
        about = self.field(ref).about or ref.name
        return about[:1].upper() + about[1:]

    def question(self, ref: FieldRef, ask: Text | None, env: Environment) -> Inline:
        """How a field is asked: the words at hand, else those it is asked with elsewhere, else its topic."""
        for text in (ask, self.instrument.definition.form.asks.get(ref)):
            asked = self.worded(text, env)
            if asked:
                return asked
        return inline(escape(self.topic(ref), quote=False))


def texts_escaped(env: Environment) -> Environment:
    """The record with its texts escaped, so that they stand as text amid the markup of strings."""
    _escape(env.fields)
    for rows in env.rows.values():
        for row in rows:
            _escape(row.fields)
    return env


def _escape(values: dict[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, str):
            values[name] = escape(value, quote=False)
