# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading an INI file, remembering on which line each key stands."""

import configparser
import re
from dataclasses import dataclass, field
from pathlib import Path

from camcops import problems
from camcops.problems import Problem

SECTION = re.compile(r"\[(?P<name>[^]]+)\]")
OPTION = re.compile(r"(?P<key>[^\s#;=:][^=:]*?)\s*[=:]")


@dataclass(slots=True)
class IniFile:
    """The raw text of each key, where it stands, and what is wrong with the file as such."""

    path: Path
    parser: configparser.ConfigParser
    line_of: dict[tuple[str, str], int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def sections(self) -> list[str]:
        return self.parser.sections()

    def keys(self, section: str) -> list[str]:
        """Keys standing in the section itself, in lower case."""
        return [key for name, key in self.line_of if name == section]

    def where(self, section: str, key: str) -> str:
        line = self.line_of.get((section, key.lower())) or self.line_of.get(
            ("DEFAULT", key.lower())
        )
        return f"line {line}" if line else "the file"


def read_ini(path: Path) -> IniFile:
    """Read the file.

    Raises `Problem` if it can't be read at all; what is wrong inside it is collected in `faults`.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Problem(problems.CONFIG_UNREADABLE, path=path, reason=error.strerror) from None
    except UnicodeDecodeError as error:
        reason = f"byte {error.start + 1} is not UTF-8 text"
        raise Problem(problems.CONFIG_UNREADABLE, path=path, reason=reason) from None
    parser = configparser.ConfigParser(strict=False)
    ini = IniFile(path, parser)
    _find_lines(ini, content)
    try:
        parser.read_string(content, source=str(path))
    except configparser.MissingSectionHeaderError as error:
        ini.faults.append(f"line {error.lineno}: a key stands before the first [section]")
    except configparser.ParsingError as error:
        ini.faults += [f"line {number}: not understood: {text}" for number, text in error.errors]
    return ini


def _find_lines(ini: IniFile, content: str) -> None:
    section = ""
    indent_of_key: int | None = None
    seen_sections: dict[str, int] = {}
    for number, line in enumerate(content.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        indent = len(line) - len(line.lstrip())
        if indent_of_key is not None and indent > indent_of_key:
            continue
        if header := SECTION.match(stripped):
            section = header["name"]
            indent_of_key = None
            if section in seen_sections:
                first = seen_sections[section]
                ini.faults.append(f"line {number}: [{section}] stands already on line {first}")
            seen_sections.setdefault(section, number)
        elif option := OPTION.match(stripped):
            indent_of_key = indent
            key = option["key"].lower()
            if first_line := ini.line_of.get((section, key)):
                ini.faults.append(
                    f"line {number}: [{section}] {key.upper()} stands already on line {first_line}"
                )
            ini.line_of.setdefault((section, key), number)
