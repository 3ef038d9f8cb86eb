# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading an Apache configuration: directives, the sections they stand in, their files and lines."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Final

VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
SECTION: Final = re.compile(r"<(?P<name>\w+)\s*(?P<rest>[^>]*)>")
MOST_INCLUDES: Final = 10
"""Files within files; Apache itself gives up at some depth too."""

MAIN_FILES: Final = ("apache2.conf", "conf/httpd.conf")
"""Of Debian, and of Apache itself and RHEL, below the folder that relative names begin at."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """Where something stands."""

    file: Path
    number: int

    def seen_from(self, other: "Line") -> str:
        """In words, for a sentence about another line."""
        return f"line {self.number}" + (f" of {self.file}" if self.file != other.file else "")


@dataclass(frozen=True, slots=True)
class Section:
    """A section that is open, such as `<VirtualHost *:443>`; `name` in lower case."""

    name: str
    arguments: tuple[str, ...]
    line: Line


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive; `name` in lower case, `within` the open sections, outermost first."""

    name: str
    arguments: tuple[str, ...]
    line: Line
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


@dataclass(frozen=True, slots=True)
class Unread:
    """What an `Include` names and can't be looked into."""

    line: Line
    says: str
    stops_apache: bool


@dataclass(slots=True)
class ApacheFile:
    """A configuration file with all that it includes."""

    directives: list[Directive] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def read_apache_file(path: Path) -> ApacheFile:
    """All directives of a file and of those that it includes, in the order in which Apache reads them.

    Raises OSError if the file itself can't be read.
    """
    reader = _Reader(root=_server_root(path))
    reader.read(path, (), 0)
    return reader.found


def _server_root(path: Path) -> Path:
    """What relative names begin at, unless `ServerRoot` says otherwise."""
    for folder in path.absolute().parents:
        if any((folder / main).exists() for main in MAIN_FILES):
            return folder
    return path.absolute().parent


@dataclass(slots=True)
class _Reader:
    """What holds from one file to the next."""

    root: Path
    found: ApacheFile = field(default_factory=ApacheFile)
    variables: dict[str, str] = field(default_factory=dict)

    def read(self, path: Path, within: tuple[Section, ...], depth: int) -> None:
        sections = list(within)
        for number, text in _lines(path.read_text(encoding="utf-8", errors="replace")):
            line = Line(path, number)
            if text.startswith("</"):
                if len(sections) > len(within):
                    sections.pop()
            elif match := SECTION.match(text):
                arguments = tuple(_words(match["rest"], self.variables))
                sections.append(Section(match["name"].lower(), arguments, line))
            else:
                name, *given = _words(text, self.variables)
                self._heed(Directive(name.lower(), tuple(given), line, tuple(sections)), depth)

    def _heed(self, directive: Directive, depth: int) -> None:
        self.found.directives.append(directive)
        match directive.name, directive.arguments:
            case "define", (name, value):
                self.variables[name] = value
            case "serverroot", (folder,):
                self.root = Path(folder)
            case (("include" | "includeoptional"), (pattern,)):
                self._include(directive, pattern, depth + 1)

    def _include(self, directive: Directive, pattern: str, depth: int) -> None:
        optional = directive.name == "includeoptional"
        files = _matching(self.root / pattern)
        if depth > MOST_INCLUDES:
            says = f"{pattern} is included within itself, or more than {MOST_INCLUDES} files deep."
            self.found.unread.append(Unread(directive.line, says, stops_apache=True))
            return
        if not files and not optional:
            says = f"{self.root / pattern} is not there, or can't be seen."
            self.found.unread.append(Unread(directive.line, says, stops_apache=True))
        for file in files:
            try:
                self.read(file, directive.within, depth)
            except OSError as error:
                says = f"{file} is not looked into, as it can't be read: {error.strerror}."
                self.found.unread.append(Unread(directive.line, says, stops_apache=False))


def _matching(pattern: Path) -> list[Path]:
    """The files that an `Include` means, in Apache's order; of a folder, all below it."""
    found = []
    for path in sorted(map(Path, glob(str(pattern)))):
        found += sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
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
