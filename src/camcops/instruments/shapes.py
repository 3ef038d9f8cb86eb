# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes: what a key of a definition may hold, how that is checked, and how JSON Schema says it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from camcops.instruments.faults import Fault, Faults
from camcops.instruments.yaml_reader import FLOW_HINT, YamlMap, line_of

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_FLAGS = ("yes", "no")


class Leaf(StrEnum):
    """A value that is no map; the words say what is made of it."""

    WORD = "a word (letters, digits, _)"
    LITERAL = "a literal text"
    TEXT = "a Text: a string name or a template"
    EXPRESSION = "an expression"
    CONDITION = "a condition"
    FLAG = "yes or no"
    INTEGER = "an integer"
    NUMBER = "a number"
    FIELD = "a field"
    FIELDS = "a list of fields, or an expansion"
    NAMES = "a list of words"
    ASK = "a Text, or no"
    FILE = "the name of a file in media/"
    FILES = "names of files in media/, or an expansion"
    CHOICES = "the name of a set of choices"
    MEMBERS = "a list of names, or an expansion"
    ANY = "a value"
    NUMBERS = "a list of numbers"
    ELEMENTS = "a list of elements"
    ROWS = "a list of rows of elements"
    STYLE = "one or a list of bold, italic, big, heading, warning"


_LISTS = {Leaf.FIELDS, Leaf.NAMES, Leaf.MEMBERS, Leaf.NUMBERS, Leaf.FILES, Leaf.STYLE}
_LIST_ONLY = {Leaf.ELEMENTS, Leaf.ROWS}


@dataclass(frozen=True)
class Words:
    """One of a few words."""

    words: tuple[str, ...]
    flags: bool = False


@dataclass(frozen=True)
class Map:
    """A map with known keys, or (`rest`) with any other keys of one shape."""

    keys: Mapping[str, "Shape"] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    rest: "Shape | None" = None


@dataclass(frozen=True)
class ListOf:
    item: "Shape"


@dataclass(frozen=True)
class Either:
    """A map, a list or a plain value, each of its own shape."""

    map: "Map | None" = None
    list: "ListOf | None" = None
    plain: "Leaf | Words | None" = None


@dataclass(frozen=True)
class Custom:
    """A shape checked by a function; `schema` is what JSON Schema says of it."""

    check: Callable[["Checker", Any, int, str], None]
    schema: Callable[[], dict[str, Any]]


Shape = Leaf | Words | Map | ListOf | Either | Custom


def is_flag(value: object) -> bool:
    return isinstance(value, bool) or value in _FLAGS


def flag(value: object) -> bool:
    """A flag's truth, `yes`/`no` included."""
    return value is True or value == "yes"


class Checker:
    """Checks data against shapes, and collects what is wrong."""

    def __init__(self, path: Path, faults: Faults) -> None:
        self.path = path
        self.faults = faults

    def fault(self, line: int, says: str) -> None:
        self.faults.add(Fault(self.path, line, says))

    def check(self, shape: Shape, value: Any, line: int, name: str) -> None:
        """Check one value; `name` is what the message calls it."""
        match shape:
            case Leaf():
                self._leaf(shape, value, line, name)
            case Words():
                if value not in shape.words and not (shape.flags and is_flag(value)):
                    self.fault(line, f"{name} must be one of {', '.join(shape.words)}")
            case Map():
                self.map(shape, value, line, name)
            case ListOf():
                self._list(shape, value, line, name)
            case Either():
                self._either(shape, value, line, name)
            case Custom():
                shape.check(self, value, line, name)

    def map(self, shape: Map, value: Any, line: int, name: str) -> None:
        if not isinstance(value, dict):
            self.fault(line, f"{name} must be a map")
            return
        for key, inner in value.items():
            here = line_of(value, key, line)
            wanted = shape.keys.get(key) if isinstance(key, str) else None
            if wanted is None:
                wanted = shape.rest
            if wanted is None:
                self._unknown(shape, value, key, here, name)
            else:
                self.check(wanted, inner, here, f"{key}")
        for key in shape.required:
            if key not in value:
                self.fault(line, f"{name} lacks the key {key!r}")

    def _unknown(self, shape: Map, value: Any, key: object, line: int, name: str) -> None:
        hint = f" {FLOW_HINT}" if isinstance(value, YamlMap) and value.flow else ""
        known = ", ".join(shape.keys)
        self.fault(line, f"{name} has no key {key!r} (it knows: {known}).{hint}")

    def _list(self, shape: ListOf, value: Any, line: int, name: str) -> None:
        if not isinstance(value, list):
            self.fault(line, f"{name} must be a list")
            return
        for index, item in enumerate(value):
            self.check(shape.item, item, line_of(value, index, line), f"an item of {name}")

    def _either(self, shape: Either, value: Any, line: int, name: str) -> None:
        if isinstance(value, dict):
            chosen: Shape | None = shape.map
        elif isinstance(value, list):
            chosen = shape.list
        else:
            chosen = shape.plain
        if chosen is None:
            self.fault(line, f"{name} may not be a {_kind(value)} here")
        else:
            self.check(chosen, value, line, name)

    def _leaf(self, leaf: Leaf, value: Any, line: int, name: str) -> None:
        if leaf is Leaf.ANY:
            return
        if isinstance(value, dict):
            self.fault(line, f"{name} must be {leaf}, not a map. {FLOW_HINT}")
        elif isinstance(value, list):
            if leaf in _LISTS:
                self._members(leaf, value, line, name)
            elif leaf not in _LIST_ONLY:
                self.fault(line, f"{name} must be {leaf}, not a list. {FLOW_HINT}")
        elif leaf in _LIST_ONLY:
            self.fault(line, f"{name} must be {leaf}")
        elif value is None:
            self.fault(line, f"{name} must be {leaf}, not null")
        elif not _plain_fits(leaf, value):
            self.fault(line, f"{name} must be {leaf}")

    def _members(self, leaf: Leaf, value: list[Any], line: int, name: str) -> None:
        for index, item in enumerate(value):
            if isinstance(item, dict | list) or item is None:
                here = line_of(value, index, line)
                self.fault(here, f"an item of {name} must be a plain value. {FLOW_HINT}")


def _kind(value: object) -> str:
    return (
        "map" if isinstance(value, dict) else "list" if isinstance(value, list) else "plain value"
    )


def _plain_fits(leaf: Leaf, value: object) -> bool:
    match leaf:
        case Leaf.WORD:
            return isinstance(value, str) and _WORD.fullmatch(value) is not None
        case Leaf.FLAG:
            return is_flag(value)
        case Leaf.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case Leaf.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Leaf.FIELD | Leaf.CHOICES | Leaf.FILE:
            return isinstance(value, str)
        case _:
            return True


_LEAF_SCHEMAS: dict[Leaf, dict[str, Any]] = {
    Leaf.WORD: {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    Leaf.FLAG: {"enum": [True, False, "yes", "no"]},
    Leaf.INTEGER: {"type": "integer"},
    Leaf.NUMBER: {"type": "number"},
    Leaf.FIELD: {"type": "string"},
    Leaf.FILE: {"type": "string"},
    Leaf.CHOICES: {"type": "string"},
    Leaf.ANY: {},
    Leaf.ELEMENTS: {"type": "array", "items": {"$ref": "#/$defs/element"}},
    Leaf.ROWS: {"type": "array"},
}
_PLAIN = ["string", "number", "boolean"]


def schema_of(shape: Shape) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a shape."""
    match shape:
        case Leaf():
            known = _LEAF_SCHEMAS.get(shape)
            types = [*_PLAIN, "array"] if shape in _LISTS else _PLAIN
            return {"description": str(shape), **({"type": types} if known is None else known)}
        case Words():
            return {"enum": [*shape.words, *([True, False, *_FLAGS] if shape.flags else [])]}
        case Map():
            return _map_schema(shape)
        case ListOf():
            return {"type": "array", "items": schema_of(shape.item)}
        case Either():
            options = [schema_of(one) for one in (shape.map, shape.list, shape.plain) if one]
            return {"anyOf": options}
        case Custom():
            return shape.schema()


def _map_schema(shape: Map) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {key: schema_of(inner) for key, inner in shape.keys.items()},
        "additionalProperties": schema_of(shape.rest) if shape.rest else False,
    }
    if shape.required:
        schema["required"] = list(shape.required)
    return schema
