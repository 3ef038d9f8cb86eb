# SPDX-License-Identifier: GPL-3.0-or-later
"""What loading alone does not find: strings, files, names and fields that don't exist or are never used."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

from camcops.instruments.codes import CODES
from camcops.instruments.compiling import Expression, FieldRef
from camcops.instruments.faults import Fault, Faults
from camcops.instruments.language.tree import Names, Node, Reference, RowValue, Template, walk
from camcops.instruments.language.words import StringRef
from camcops.instruments.library import Library
from camcops.instruments.model import Instrument
from camcops.instruments.names import texts_of
from camcops.instruments.yaml_reader import line_of

_FILE_KINDS = ("image", "audio")
_FILE_KEYS = ("image", "background")


def expressions_in(part: Any) -> Iterator[Expression]:
    """Every expression and text in a compiled part."""
    if isinstance(part, Expression):
        yield part
    elif dataclasses.is_dataclass(part) and not isinstance(part, type):
        for field in dataclasses.fields(part):
            yield from expressions_in(getattr(part, field.name))
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from expressions_in(value)
    elif isinstance(part, tuple | list):
        for item in part:
            yield from expressions_in(item)


class Inspection:
    """Inspects one instrument that compiles."""

    def __init__(self, instrument: Instrument, library: Library, faults: Faults) -> None:
        self._instrument = instrument
        self._library = library
        self._faults = faults
        self._definition = instrument.definition

    def inspect(self) -> None:
        """Add whatever is amiss to the faults."""
        self._check_choices_used()
        self._check_names_used()
        self._check_strings()
        self._check_files()
        if "pages" in self._instrument.raw:
            self._check_asked()

    def _fault(self, line: int, says: str) -> None:
        self._faults.add(Fault(self._instrument.path, line, says))

    def _nodes(self) -> Iterator[tuple[Node, int]]:
        """The root of every expression and text, with its line."""
        rules, raw = self._definition.rules, self._instrument.raw
        for name, entry in rules.definitions.entries.items():
            section = next((s for s in ("define", "scores") if name in raw.get(s, {})), None)
            yield entry.node, line_of(raw[section], name) if section else 0
        for rows in rules.definitions.rows.values():
            for entry in rows.values():
                yield entry.node, 0
        parts = (rules.scores, self._definition.outputs, self._definition.form)
        for part in parts:
            for expression in expressions_in(part):
                yield expression.node, expression.line

    def _check_choices_used(self) -> None:
        entries = self._instrument.raw.get("choices", {})
        for name in entries:
            if name not in self._definition.form.used_choices and "{" not in str(name):
                self._fault(line_of(entries, name), f"the choices {name} are never offered")

    def _check_names_used(self) -> None:
        raw = self._instrument.raw
        read = {name for node, _ in self._nodes() for name in _computed_names(node)}
        read.update(str(tracker.get("bands")) for tracker in raw.get("trackers", ()))
        for name in raw.get("define", {}):
            if "{" not in str(name) and name not in read and not self._in_groups(str(name)):
                self._fault(line_of(raw["define"], name), f"{name} is defined but never used")
        words = set(re.findall(r"\w+", "\n".join(texts_of(self._without_group_names()))))
        for name in raw.get("groups", {}):
            if "{" not in str(name) and name not in words:
                self._fault(line_of(raw["groups"], name), f"the group {name} is never used")

    def _in_groups(self, name: str) -> bool:
        return any(name in members for members in self._instrument.groups.values())

    def _without_group_names(self) -> list[Any]:
        raw = self._instrument.raw
        own = [value for key, value in raw.items() if key != "groups"]
        return [*own, *raw.get("groups", {}).values()]

    def _check_strings(self) -> None:
        strings = self._library.strings
        for node, line in self._nodes():
            for ref in string_refs(node):
                if not strings.is_known(ref.set, ref.name) and not self._stands_in(ref):
                    self._fault(line, f"there is no string {ref.set}/{ref.name}")

    def _stands_in(self, ref: StringRef) -> bool:
        """A field's own name is no string where its topic says all there is to say."""
        own = ref.set == self._instrument.string_set
        return (
            own and FieldRef(None, ref.name) in self._definition.form.asks and not self._wording()
        )

    def _wording(self) -> bool:
        return bool(self._library.strings.names(self._instrument.string_set))

    def _check_files(self) -> None:
        media = self._instrument.folder / "media"
        for page in self._definition.form.pages:
            for element in page.walk():
                named = [element.keys["value"]] if element.kind in _FILE_KINDS else []
                named += [element.keys[key] for key in _FILE_KEYS if key in element.keys]
                named += element.keys.get("images", ())
                for name in named:
                    if not (media / str(name)).is_file():
                        self._fault(element.line, f"there is no file media/{name}")
                codes = element.keys.get("codes")
                if codes is not None and not (CODES / f"{codes}.yaml").is_file():
                    self._fault(element.line, f"there is no set of codes {codes}")

    def _check_asked(self) -> None:
        form = self._definition.form
        asked = set(form.derived)
        for page in form.pages:
            for element in page.walk():
                asked.update(row.field for row in element.asked())
                if element.action is not None:
                    asked.update(element.action.fill)
                    table = element.action.add
                    asked.update(FieldRef(table, column) for column in element.action.columns)
        asked.update(ref for ref in form.defaults)
        own = (None, self._instrument.fields)
        children = [(table.name, table.fields) for table in self._instrument.tables.values()]
        for table_name, fields in (own, *children):
            for field in fields.values():
                if not field.hidden and FieldRef(table_name, field.name) not in asked:
                    says = f"{field.name} is neither asked nor derived nor hidden"
                    self._fault(field.line, says)


def _computed_names(node: Node) -> Iterator[str]:
    for part in walk(node):
        match part:
            case Reference(names=Names.COMPUTED, name=name) | RowValue(computed=True, name=name):
                yield name


def string_refs(node: Node) -> Iterator[StringRef]:
    """Every string that an expression or text names."""
    for part in walk(node):
        if isinstance(part, Template):
            yield from (piece for piece in part.parts if isinstance(piece, StringRef))
