# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a site's XML string files: the wording of instruments that the site may use and we may not ship.

The format is that of CamCOPS 2.4's extra strings: `<task name locale>` holds `<string name>`; inner markup is
kept as text, white space is stripped at the ends, and backslash escapes are undone. Declared entities are
refused, so that no file can expand without bound or read another.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat  # entity declarations are refused below
from xml.sax.saxutils import escape, quoteattr  # writing only

from camcops.problems import STRING_FILE_INVALID, Problem

_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r"}


@dataclass(frozen=True, slots=True)
class SiteString:
    """One string of a site's file; `locale` is `ll_CC`, or empty for "no locale"."""

    set: str
    name: str
    locale: str
    text: str


def unescape(text: str) -> str:
    """Undo backslash escapes: newline, carriage return, else the character itself; a lone last one goes."""
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), text)


def read_string_file(path: Path) -> list[SiteString]:
    """The strings of one file, in its order; a `Problem` names file and line of what is wrong."""
    reader = _Reader()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Problem(STRING_FILE_INVALID, path=path, line=0, reason=error) from error
    try:
        reader.parse(content)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise Problem(STRING_FILE_INVALID, path=path, line=error.lineno, reason=reason) from error
    except _EntityDeclaredError as error:
        reason = "it declares an entity, which is not allowed"
        raise Problem(STRING_FILE_INVALID, path=path, line=error.line, reason=reason) from error
    return list(reader.strings())


class _EntityDeclaredError(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Reader:
    """Collects strings at depth 3 (root, task, string); whatever is deeper is inner markup."""

    def __init__(self) -> None:
        self._found: list[SiteString] = []
        self._depth = 0
        self._task: tuple[str, str] | None = None
        self._name: str | None = None
        self._pieces: list[tuple[bool, str]] = []
        # Always UTF-8, whatever the declaration says.
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._entity

    def parse(self, content: bytes) -> None:
        self._parser.Parse(content, True)

    def strings(self) -> Iterator[SiteString]:
        return iter(self._found)

    def _entity(self, *_: object) -> None:
        raise _EntityDeclaredError(self._parser.CurrentLineNumber)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 2:
            named = tag == "task" and "name" in attributes
            self._task = (attributes["name"], attributes.get("locale", "")) if named else None
        elif self._depth == 3:
            inside = self._task is not None and tag == "string"
            self._name = attributes.get("name") if inside else None
            self._pieces = []
        elif self._depth > 3 and self._name is not None:
            written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
            self._pieces.append((True, f"<{tag}{written}>"))

    def _text(self, text: str) -> None:
        if self._name is not None and self._depth >= 3:
            self._pieces.append((False, text))

    def _end(self, tag: str) -> None:
        if self._depth > 3 and self._name is not None:
            self._close(tag)
        elif self._depth == 3 and self._name is not None and self._task is not None:
            text = unescape(self._content().strip())
            self._found.append(SiteString(self._task[0], self._name, self._task[1], text))
            self._name = None
        elif self._depth == 2:
            self._task = None
        self._depth -= 1

    def _close(self, tag: str) -> None:
        last = self._pieces[-1] if self._pieces else (False, "")
        if last[0] and (last[1] == f"<{tag}>" or last[1].startswith(f"<{tag} ")):
            self._pieces[-1] = (True, f"{last[1][:-1]}/>")
        else:
            self._pieces.append((True, f"</{tag}>"))

    def _content(self) -> str:
        """Text as it reads; with child elements, the markup inside, so that its text stays escaped."""
        if any(is_markup for is_markup, _ in self._pieces):
            return "".join(piece if markup else escape(piece) for markup, piece in self._pieces)
        return "".join(piece for _, piece in self._pieces)
