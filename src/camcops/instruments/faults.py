# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a definition: where, and in which expression. All faults of a file are collected."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from camcops.problems import INSTRUMENT_INVALID, Problem


@dataclass(frozen=True, slots=True)
class Fault:
    """One error in a file; `line` counts from 1 (0: the file as a whole), `source` is the expression."""

    path: Path
    line: int
    says: str
    source: str | None = None

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        end = f" — in: {self.source}" if self.source is not None else ""
        return f"{place}: {self.says}{end}"


class Faults:
    """The faults found so far; each is kept once."""

    def __init__(self) -> None:
        self._faults: dict[Fault, None] = {}

    def add(self, fault: Fault) -> None:
        self._faults[fault] = None

    def __iter__(self) -> Iterator[Fault]:
        return iter(sorted(self._faults, key=lambda fault: (str(fault.path), fault.line)))

    def __len__(self) -> int:
        return len(self._faults)

    def raise_any(self, name: str) -> None:
        """Raise one `Problem` that lists every fault, if there is any; `name` is what was being read."""
        if self._faults:
            listed = "\n".join(f"  {fault}" for fault in self)
            raise Problem(INSTRUMENT_INVALID, name=name, faults=f"\n{listed}\n")
