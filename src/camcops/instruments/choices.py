# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of choices: the values an answer may take where it is asked, and the words for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from camcops.instruments.compiling import Compiling, Expression, Text
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.expansion import expand, in_step, is_expansion
from camcops.instruments.model import Field, FieldType
from camcops.instruments.yaml_reader import line_of, scalar

Located = tuple[Any, int]  # an entry as YAML gave it, and its line


@dataclass(frozen=True, slots=True)
class Choice:
    """One option."""

    value: int | float | str
    label: Text


@dataclass(frozen=True)
class ChoiceSet:
    """The options in the order offered; or (`items`) those of a comma-separated text."""

    name: str
    choices: tuple[Choice, ...] = ()
    items: Expression | None = None

    def label_of(self, value: object) -> Text | None:
        """The words for an answer, if it is one of the options."""
        for choice in self.choices:
            if choice.value == value:
                return choice.label
        return None


class ChoiceSets:
    """The sets of one instrument and those shared by all, compiled where they are used."""

    def __init__(self, own: Mapping[str, Located], shared: Mapping[str, Any]) -> None:
        self._own = own
        self._shared = shared
        self.used: set[str] = set()
        self._known: dict[tuple[str, str | None], ChoiceSet] = {}

    def find(self, name: str, at: Compiling, line: int) -> ChoiceSet | None:
        """The set of that name, its labels read in the scope of the place; a fault if there is none."""
        key = (name, at.scope.row)
        if key in self._known:
            return self._known[key]
        entry, here = self._own.get(name, (self._shared.get(name), line))
        if entry is None:
            at.fault(line, f"there is no set of choices {name!r}")
            return None
        self.used.add(name)
        found = self._known[key] = compile_choices(name, entry, at, here)
        return found


def compile_choices(name: str, entry: Any, at: Compiling, line: int) -> ChoiceSet:
    """A set as YAML gave it: a map value → Text, a list of literal items, or `{list: expression}`."""
    if isinstance(entry, dict) and list(entry) == ["list"]:
        return ChoiceSet(name, items=at.expression(entry["list"], line_of(entry, "list", line)))
    choices: list[Choice] = []
    pairs = entry.items() if isinstance(entry, dict) else ((item, None) for item in entry)
    for index, (key, label) in enumerate(pairs):
        here = line_of(entry, key if isinstance(entry, dict) else index, line)
        choices.extend(_choices(key, label, at, here))
    values = [choice.value for choice in choices]
    if len(set(values)) != len(values):
        at.fault(line, f"the choices {name} offer a value twice")
    return ChoiceSet(name, tuple(choices))


def _choices(key: Any, label: Any, at: Compiling, line: int) -> list[Choice]:
    if label is None:
        members = _members(key, at, line)
        return [Choice(value, at.text(_literal(value), line)) for value in members]
    if not isinstance(key, str) or not is_expansion(key):
        return [Choice(key, at.text(label, line))]
    try:
        pairs = in_step(key, label)
    except LanguageError as error:
        at.language_fault(line, error)
        return []
    return [Choice(_value(text), at.text(words, line)) for text, words in pairs]


def _members(item: Any, at: Compiling, line: int) -> list[int | float | str]:
    if not isinstance(item, str):
        return [item]
    try:
        return [_value(text) for text in expand(item)]
    except LanguageError as error:
        at.language_fault(line, error)
        return []


def _value(text: str) -> int | float | str:
    value = scalar(text)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else text


def _literal(value: int | float | str) -> int | float | str:
    """An item that is its own label, as a template: a bare word would be the name of a string."""
    if isinstance(value, str):
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"{{'{quoted}'}}"
    return value


def check_choices(choices: ChoiceSet, field: Field, at: Compiling, line: int) -> None:
    """Each value offered must be one that the field may store."""
    for choice in choices.choices:
        value = choice.value
        textual = field.type is FieldType.TEXT
        if isinstance(value, str) is not textual or not field.permits(value):
            says = f"the choices {choices.name} offer {value!r}, which {field.name} may not hold"
            at.fault(line, says)
