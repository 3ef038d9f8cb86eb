# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception of the expression language."""


class LanguageError(Exception):
    """A fault in an expression, text or name of a definition, found when it is loaded.

    `message` says what is wrong; `source` is the expression (or text, or name) at fault; `column` is the
    place in it, counted from 1, or 0 where the whole is meant. `entry` is the computed name whose
    definition it stands in, if it does.
    """

    def __init__(self, message: str, source: str = "", column: int = 0) -> None:
        self.message = message
        self.source = source
        self.column = column
        self.entry = ""
        super().__init__(str(self))

    def __str__(self) -> str:
        if not self.source:
            return self.message
        place = f", at character {self.column}" if self.column else ""
        return f"{self.message} (in «{self.source}»{place})"
