# SPDX-License-Identifier: GPL-3.0-or-later
"""What a problem is: a kind, with the data of one case."""

import datetime as dt
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


def minutes_until(until: dt.datetime, now: dt.datetime) -> int:
    """How many whole minutes somebody still has to wait, at least 1."""
    return max(1, -(-int((until - now).total_seconds()) // 60))
