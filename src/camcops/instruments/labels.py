# SPDX-License-Identifier: GPL-3.0-or-later
"""Where `option()`, `ticked()` and `string()` find their words: the instrument's form and strings."""

from typing import TYPE_CHECKING, Any

from camcops.instruments.compiling import FieldRef
from camcops.instruments.language.environment import Environment
from camcops.instruments.language.numbers import number_to_text
from camcops.instruments.language.words import StringRef, Words
from camcops.instruments.model import Instrument
from camcops.instruments.strings import Strings

if TYPE_CHECKING:
    from camcops.instruments.definition import Definition


class InstrumentLabels:
    """The words of one instrument."""

    def __init__(self, instrument: Instrument, definition: "Definition", strings: Strings) -> None:
        self._instrument = instrument
        self._definition = definition
        self._strings = strings

    def option(self, env: Environment, table: str | None, field: str, value: Any) -> Words | None:
        """The label of an answer, as first asked; None if it is no option."""
        choices = self._definition.form.options.get(FieldRef(table, field))
        if choices is None:
            return _plain(value)
        label = choices.label_of(value)
        return None if label is None else label.words(env)

    def label(self, env: Environment, table: str | None, field: str) -> Words:
        """The words with which a field is asked, else its own label, else the string of its name."""
        ask = self._definition.form.asks.get(FieldRef(table, field))
        if ask is not None:
            return ask.words(env)
        return Words.of(StringRef(self._instrument.string_set, field))

    def string(self, name: str) -> StringRef | None:
        """The string of that name (or `set/name`), if it is listed anywhere."""
        set_name, slash, rest = name.partition("/")
        ref = StringRef(set_name, rest) if slash else StringRef(self._instrument.string_set, name)
        return ref if self._strings.is_known(ref.set, ref.name) else None

    def render(self, words: Words) -> str:
        return self._strings.render(words)


def _plain(value: Any) -> Words:
    return Words.of(number_to_text(value) if isinstance(value, int | float) else str(value))
