# SPDX-License-Identifier: GPL-3.0-or-later
"""One INSERT statement for several rows, made of the compiled statement for one row."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

MOST_TOGETHER: Final = 32
"""Rows of one such statement; so its text stays short, and there are few different ones."""

_VALUES = " VALUES "
_NAMED = re.compile(r"%\((\w+)\)s")


class SeveralRows:
    """The texts of the statement by number of rows, and the parameters in their order."""

    def __init__(self, text: str) -> None:
        self._head, _, self._row = text.partition(_VALUES)
        self._names = _NAMED.findall(self._row)
        self._known: dict[tuple[int, tuple[str, ...], bool], str] = {}

    def text(self, count: int, returned: Sequence[str] = (), *, numbered: bool = False) -> str:
        """For so many rows; `returned` are quoted names of columns; `numbered`: with `$1`, `$2`, …"""
        key = (count, tuple(returned), numbered)
        if key not in self._known:
            self._known[key] = self._made(*key)
        return self._known[key]

    def _made(self, count: int, returned: Sequence[str], numbered: bool) -> str:
        rows = _VALUES + ", ".join([self._row] * count)
        if self._names:
            numbers = itertools.count(1)
            rows = _NAMED.sub(lambda _: f"${next(numbers)}" if numbered else "%s", rows)
        return self._head + rows + (f" RETURNING {', '.join(returned)}" if returned else "")

    def parameters(self, rows: Sequence[Any]) -> tuple[Any, ...]:
        """All rows' parameters, one after another."""
        if not self._names:
            return tuple(itertools.chain.from_iterable(rows))
        named: Sequence[Mapping[str, Any]] = rows
        return tuple(row[name] for row in named for name in self._names)
