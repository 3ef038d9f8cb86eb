# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error that a person or a tablet can meet, declared once.

A `Kind` says what was wrong and what to do about it; raising `Problem(KIND, name=value)` fills in the
data. Each face renders it in its own way: a page, a tablet's reply, a line on the terminal.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of problem.

    `says` and `do` are templates with `{names}` that the raiser must supply; `http` is the status of a page.
    """

    code: str
    says: str
    do: str = ""
    http: int = 400


class Problem(Exception):
    """A fault that has a reader: never a bug of ours, always something they can understand and act on."""

    def __init__(self, kind: Kind, **data: object) -> None:
        self.kind = kind
        self.data = data
        super().__init__(self.message)

    @property
    def says(self) -> str:
        return self.kind.says.format(**self.data)

    @property
    def do(self) -> str:
        return self.kind.do.format(**self.data)

    @property
    def message(self) -> str:
        """What was wrong and what to do, as one plain text."""
        return f"{self.says} {self.do}".strip()


# --- instruments -------------------------------------------------------------------------------

# --- configuration -----------------------------------------------------------------------------

# --- database ----------------------------------------------------------------------------------

# --- accounts ----------------------------------------------------------------------------------

# --- records -----------------------------------------------------------------------------------

# --- tablet ------------------------------------------------------------------------------------

# --- pages -------------------------------------------------------------------------------------

# --- commands ----------------------------------------------------------------------------------
