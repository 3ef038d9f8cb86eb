# SPDX-License-Identifier: GPL-3.0-or-later
"""Read YAML 1.2 core, strictly, keeping the line of every key and value.

PyYAML parses; this module builds the data from its events, with a resolver table of our own: only `true` and
`false` are booleans, numbers are decimal, and nothing else (dates, sexagesimals, octals) has a meaning beyond
text. Anchors, aliases, merges and tags are refused, and so are duplicate keys and empty values, because each
of them is the mark of a slip that YAML would pass over in silence.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from camcops.instruments.faults import Fault, Faults

Scalar = str | int | float | bool | None

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None}
_NUMBER_START = frozenset("0123456789+-.")

LARGEST_FILE = 4_000_000
"""Bytes of a definition."""
DEEPEST = 50
"""Levels of maps and lists within each other."""
LONGEST_NUMBER = 40

FLOW_HINT = (
    "Inside {…} or […] YAML cuts entries at commas and forbids bare braces: "
    "write this entry in block style, or put it in double quotes."
)


class YamlMap(dict[Any, Any]):
    """A YAML mapping; `line` is where it begins, `lines` the line of each key."""

    __slots__ = ("flow", "line", "lines")

    def __init__(self, line: int, flow: bool) -> None:
        super().__init__()
        self.line = line
        self.flow = flow
        self.lines: dict[Any, int] = {}

    def line_of(self, key: object) -> int:
        return self.lines.get(key, self.line)


class YamlList(list[Any]):
    """A YAML sequence; `line` is where it begins, `lines` the line of each item."""

    __slots__ = ("flow", "line", "lines")

    def __init__(self, line: int, flow: bool) -> None:
        super().__init__()
        self.line = line
        self.flow = flow
        self.lines: list[int] = []

    def line_of(self, index: int) -> int:
        return self.lines[index] if index < len(self.lines) else self.line


def line_of(container: object, key: object, otherwise: int = 0) -> int:
    """The line of a key of a mapping or an item of a list, where it is known."""
    if isinstance(container, YamlMap):
        return container.line_of(key)
    if isinstance(container, YamlList) and isinstance(key, int):
        return container.line_of(key)
    return otherwise


def scalar(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar under the core schema, less octal and hexadecimal."""
    if text in _WORDS:
        return _WORDS[text]
    if text[:1] in _NUMBER_START and len(text) <= LONGEST_NUMBER:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text


def read_yaml(path: Path, faults: Faults) -> YamlMap | None:
    """Read a file whose top level is a mapping; what is wrong is added to `faults` (None if unreadable)."""
    if path.exists() and not path.is_file():
        faults.add(Fault(path, 0, "is no file"))
        return None
    try:
        if path.stat().st_size > LARGEST_FILE:
            faults.add(Fault(path, 0, f"is larger than {LARGEST_FILE:,} bytes"))
            return None
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        faults.add(Fault(path, 0, f"cannot be read: {error}"))
        return None
    return parse_yaml(text, path, faults)


def parse_yaml(text: str, path: Path, faults: Faults) -> YamlMap | None:
    """As `read_yaml`, of a text; `path` names it in faults."""
    try:
        reader = _Reader(yaml.parse(text, Loader=_PARSER), path, faults)
        document = reader.document()
    except _TooDeepError as error:
        faults.add(Fault(path, error.line, f"nests maps and lists deeper than {DEEPEST} levels"))
        return None
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        says = error.problem or error.context or "is not YAML"
        in_flow = bool(error.context and "flow" in error.context)
        hint = f" {FLOW_HINT}" if in_flow else ""
        faults.add(Fault(path, mark.line + 1 if mark else 0, f"is not YAML: {says}.{hint}"))
        return None
    except yaml.YAMLError as error:
        faults.add(Fault(path, 0, f"is not YAML: {error}"))
        return None
    if not isinstance(document, YamlMap):
        faults.add(Fault(path, 1, "must be a map of keys and values"))
        return None
    return document


class _TooDeepError(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Reader:
    """Builds the data from the events, one node at a time."""

    def __init__(self, events: Iterator[Any], path: Path, faults: Faults) -> None:
        self._events = events
        self._path = path
        self._faults = faults
        self._depth = 0

    def document(self) -> object:
        events = self._events
        next(events)
        if isinstance(next(events), yaml.StreamEndEvent):
            return None
        value = self._node(next(events), flow=False)
        next(events)
        event = next(events)
        if not isinstance(event, yaml.StreamEndEvent):
            self._fault(event, "holds more than one document")
        return value

    def _fault(self, event: Any, says: str) -> None:
        self._faults.add(Fault(self._path, event.start_mark.line + 1, says))

    def _node(self, event: Any, *, flow: bool) -> Any:
        kind = type(event)
        if kind is yaml.AliasEvent:
            self._fault(
                event, "uses an alias (*…): write the value out; quote a text that begins with *"
            )
            return ""
        if event.anchor is not None:
            self._fault(
                event, "uses an anchor (&…): write the value out; quote a text that begins with &"
            )
        if event.tag is not None:
            self._fault(event, "uses a tag (!…): quote a text that begins with !")
        if kind is yaml.ScalarEvent:
            return self._scalar(event, flow)
        if self._depth == DEEPEST:
            raise _TooDeepError(event.start_mark.line + 1)
        self._depth += 1
        found = self._mapping(event) if kind is yaml.MappingStartEvent else self._sequence(event)
        self._depth -= 1
        return found

    def _scalar(self, event: Any, flow: bool) -> Scalar:
        text: str = event.value
        if event.style:
            return text
        if text == "":
            self._fault(event, "has an empty value." + (f" {FLOW_HINT}" if flow else ""))
        return scalar(text)

    def _sequence(self, event: Any) -> YamlList:
        events = self._events
        result = YamlList(event.start_mark.line + 1, bool(event.flow_style))
        for item in events:
            if isinstance(item, yaml.SequenceEndEvent):
                break
            result.lines.append(item.start_mark.line + 1)
            result.append(self._node(item, flow=result.flow))
        return result

    def _mapping(self, event: Any) -> YamlMap:
        events = self._events
        result = YamlMap(event.start_mark.line + 1, bool(event.flow_style))
        for key_event in events:
            if isinstance(key_event, yaml.MappingEndEvent):
                break
            key = self._key(key_event, result)
            result[key] = self._node(next(events), flow=result.flow)
        return result

    def _key(self, event: Any, into: YamlMap) -> Scalar:
        hint = f" {FLOW_HINT}" if into.flow else ""
        line: int = event.start_mark.line + 1
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event, flow=into.flow)
            self._fault(event, f"has a map, list or alias for a key.{hint}")
            return ""
        if event.anchor is not None or event.tag is not None:
            self._fault(event, "has an anchor or a tag on a key")
        key = event.value if event.style else scalar(event.value)
        if key == "<<" and not event.style:
            self._fault(event, "uses a merge (<<): write the keys out")
        elif key == "" and not event.style:
            self._fault(event, f"has an empty key.{hint}")
        elif key in into:
            self._fault(event, f"has the key {key!r} twice.{hint}")
        into.lines[key] = line
        return key
