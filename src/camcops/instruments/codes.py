# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of diagnostic codes: what a picker of diagnoses offers.

A set is a file of `library/common/codes/`. Its codes are facts; the words for them are strings, which
the site may have to supply.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from camcops.instruments.faults import Fault, Faults
from camcops.instruments.language.expansion import expand, in_step
from camcops.instruments.language.words import StringRef, Words
from camcops.instruments.yaml_reader import read_yaml

CODES = Path(__file__).parent / "library" / "common" / "codes"
LONGEST_HEADING = 2
"""Codes up to this length (chapters, blocks) are headings, which nobody can choose."""
_DEPTH = {"F99": LONGEST_HEADING}
"""ICD-10's "unspecified mental disorder" stands beside the blocks, though it is as long as a category."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code. `depth` orders the tree: a code's parent is the nearest earlier one of less depth."""

    code: str
    words: Words
    parent: str | None

    @property
    def selectable(self) -> bool:
        return len(self.code) > LONGEST_HEADING

    @property
    def depth(self) -> int:
        return _depth(self.code)


@dataclass(frozen=True)
class CodeSet:
    """Codes in the order of their tree; `system` is the URI by which FHIR knows them."""

    name: str
    system: str
    string_set: str
    codes: tuple[Code, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Code]:
        return MappingProxyType({code.code: code for code in self.codes})


def _depth(code: str) -> int:
    return _DEPTH.get(code, len(code))


@cache
def load_codes(name: str) -> CodeSet:
    """The set of that name (`icd10`).

    Problem(INSTRUMENT_INVALID) if its file is faulty; KeyError if there is none.
    """
    path = CODES / f"{name}.yaml"
    if not path.is_file():
        raise KeyError(name)
    faults = Faults()
    raw: Mapping[str, Any] = read_yaml(path, faults) or {}
    faults.raise_any(name)
    string_set = str(raw["strings"])
    words = {
        code: Words((StringRef(string_set, code),))
        for line in raw["codes"]
        for code in _written_out(line)
    }
    for rule in raw.get("extend", ()):
        for code, extended in _extended(rule, words, string_set):
            if code in words:
                faults.add(Fault(path, 0, f"the code {code} is made twice"))
            words[code] = extended
    faults.raise_any(name)
    return CodeSet(name, str(raw["system"]), string_set, tuple(_tree(words)))


def _written_out(codes: str) -> Iterator[str]:
    """Codes and expansions of codes, separated by spaces."""
    for part in str(codes).split():
        yield from expand(part)


def _extended(
    rule: Mapping[str, Any], words: Mapping[str, Words], string_set: str
) -> Iterator[tuple[str, Words]]:
    """The codes that one rule makes, level after level."""
    made = {code: words[code] for code in _written_out(rule["to"])}
    for level in rule["levels"]:
        suffixes = [pair for key, strings in level.items() for pair in in_step(str(key), strings)]
        made = {
            code + suffix: Words((*before.parts, ": ", *_refs(string_set, strings)))
            for code, before in made.items()
            for suffix, strings in suffixes
        }
        yield from made.items()


def _refs(string_set: str, strings: str) -> Iterator[StringRef]:
    for name in strings.split():
        yield StringRef(string_set, name)


def _tree(words: Mapping[str, Words]) -> Iterator[Code]:
    """Codes in tree order, which is that of their characters, each with its parent."""
    above: list[str] = []
    for code in sorted(words):
        while above and _depth(above[-1]) >= _depth(code):
            above.pop()
        yield Code(code, words[code], above[-1] if above else None)
        above.append(code)
