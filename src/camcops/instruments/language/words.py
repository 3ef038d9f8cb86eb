# SPDX-License-Identifier: GPL-3.0-or-later
"""Language-neutral text: what is stored, and put into words only when somebody reads it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StringRef:
    """One string of a set (`ui`, `camcops`, an instrument's), to be looked up in the reader's language."""

    set: str
    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """A sequence of literal parts and string references; neighbouring literals are one part."""

    parts: tuple[str | StringRef, ...] = ()

    @classmethod
    def of(cls, *pieces: "str | StringRef | Words") -> "Words":
        """The pieces one after another."""
        parts: list[str | StringRef] = []
        for piece in pieces:
            for part in piece.parts if isinstance(piece, Words) else (piece,):
                if isinstance(part, str) and parts and isinstance(parts[-1], str):
                    parts[-1] += part
                elif part != "":
                    parts.append(part)
        return cls(tuple(parts))

    def __add__(self, other: "str | StringRef | Words") -> "Words":
        return Words.of(self, other)

    def __bool__(self) -> bool:
        return bool(self.parts)

    def to_json(self) -> list[str | list[str]]:
        """Literals as texts, references as `[set, name]`."""
        return [part if isinstance(part, str) else [part.set, part.name] for part in self.parts]

    @classmethod
    def from_json(cls, parts: Iterable[str | list[str]]) -> "Words":
        """The inverse of `to_json`."""
        return cls(tuple(p if isinstance(p, str) else StringRef(p[0], p[1]) for p in parts))
