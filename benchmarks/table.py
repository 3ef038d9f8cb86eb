# SPDX-License-Identifier: GPL-3.0-or-later
"""The table that a run prints: one line a figure, as Markdown."""

from collections.abc import Iterable
from dataclasses import dataclass

HEADINGS = ("work", "measured", "floor", "ratio", "aim", "")


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. `met` is None where no aim is set; `floor` is empty where only the aim bounds it."""

    work: str
    measured: str
    floor: str = ""
    ratio: str = ""
    aim: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        return (self.work, self.measured, self.floor, self.ratio, self.aim, verdict)


def markdown(subject: str, lines: Iterable[Line]) -> str:
    """One subject's lines under a heading."""
    rows = [HEADINGS, *(line.cells for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return f"### {subject}\n\n" + "\n".join(drawn) + "\n"
