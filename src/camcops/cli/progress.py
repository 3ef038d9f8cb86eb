# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of long work, on standard error: a line that moves on a terminal, lines now and then in a log."""

import sys
import time
from collections.abc import Callable

import click

SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_MOVES = 0.1


class ProgressLine:
    """Shows texts as often as is useful; what takes less than a few seconds leaves nothing in a log."""

    def __init__(self) -> None:
        self.on_terminal = sys.stderr.isatty()
        self._shown_at = time.monotonic()

    def show(self, text: str, *, final: bool = False) -> None:
        """`final` ends the moving line of a terminal."""
        now = time.monotonic()
        pause = SECONDS_BETWEEN_MOVES if self.on_terminal else SECONDS_BETWEEN_LINES
        if now - self._shown_at < pause and not (final and self.on_terminal):
            return
        self._shown_at = now
        if self.on_terminal:
            click.echo(f"\r\x1b[K{text}" + ("\n" if final else ""), nl=False, err=True)
        else:
            click.echo(text, err=True)


def tables_done() -> Callable[[str, int, int], None]:
    """To be told the name of a table begun, how many are done, and how many there are."""
    line = ProgressLine()

    def tell(table: str, done: int, total: int) -> None:
        line.show(f"{done + 1} of {total}: {table}", final=done + 1 == total)

    return tell


def lines_now_and_then(what: str) -> Callable[[int], None]:
    """To be told how many are done."""
    line = ProgressLine()
    return lambda done: line.show(f"{done} {what}")
