# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading an Apache configuration file: directives, the sections they stand in, and their lines."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
SECTION: Final = re.compile(r"<(?P<name>\w+)\s*(?P<rest>[^>]*)>")


@dataclass(frozen=True, slots=True)
class Section:
    """A section that is open, such as `<VirtualHost *:443>`; `name` in lower case."""

    name: str
    arguments: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive; `name` in lower case, `within` the open sections, outermost first."""

    name: str
    arguments: tuple[str, ...]
    line: int
    within: tuple[Section, ...]

    @property
    def host(self) -> Section | None:
        """The virtual host that it belongs to."""
        return next((section for section in self.within if section.name == "virtualhost"), None)

    @property
    def place(self) -> str | None:
        """The path of the `<Location>` that it stands in."""
        places = [s.arguments[0] for s in self.within if s.name == "location" and s.arguments]
        return places[-1] if places else None

    def is_for(self, host: Section | None, path: str) -> bool:
        """Does it hold for this path of this virtual host?"""
        if self.host not in (None, host):
            return False
        if any(section.name == "locationmatch" for section in self.within) or self.place == "~":
            return False  # by a pattern: for some pages only, as far as can be told
        place = (self.place or "/").rstrip("/")
        return path == place or path.startswith(place + "/")


def read_apache_file(path: Path) -> list[Directive]:
    """All directives of a file, in order; files that it includes are not looked into.

    Raises OSError if it can't be read.
    """
    found: list[Directive] = []
    open_sections: list[Section] = []
    variables: dict[str, str] = {}
    for number, text in _lines(path.read_text(encoding="utf-8", errors="replace")):
        if text.startswith("</"):
            if open_sections:
                open_sections.pop()
        elif match := SECTION.match(text):
            arguments = tuple(_words(match["rest"], variables))
            open_sections.append(Section(match["name"].lower(), arguments, number))
        else:
            name, *given = _words(text, variables)
            if name.lower() == "define" and len(given) == 2:
                variables[given[0]] = given[1]
            found.append(Directive(name.lower(), tuple(given), number, tuple(open_sections)))
    return found


def _lines(content: str) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers; a backslash at the end continues a line."""
    begun, start = "", 0
    for number, line in enumerate(content.splitlines(), 1):
        start = start if begun else number
        begun += line.strip()
        if begun.endswith("\\"):
            begun = begun[:-1] + " "
            continue
        if begun and not begun.startswith("#"):
            yield start, begun
        begun = ""


def _words(text: str, variables: Mapping[str, str]) -> list[str]:
    whole = VARIABLE.sub(lambda match: variables.get(match[1], match[0]), text)
    reader = shlex.shlex(whole, posix=True, punctuation_chars=False)
    reader.whitespace_split = True
    reader.commenters = ""
    reader.escape = ""
    try:
        return list(reader) or [whole]
    except ValueError:  # a quotation mark without its other
        return whole.split()
