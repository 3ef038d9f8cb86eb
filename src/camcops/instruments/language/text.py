# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that people see: the name of a string, or a template with holes."""

import re

from camcops.instruments.language import checking
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.formats import show
from camcops.instruments.language.numbers import number_to_text
from camcops.instruments.language.parser import parse
from camcops.instruments.language.scope import Scope
from camcops.instruments.language.tree import Hole, Template
from camcops.instruments.language.types import WORDS
from camcops.instruments.language.words import StringRef

_WORD = r"[\w.+-]+"
_NAME = re.compile(rf"(?:({_WORD})/)?({_WORD})")
_OPENING, _CLOSING = "([{", ")]}"


def string_name(text: str, string_set: str) -> StringRef | None:
    """The string that a text of one word (or `set/word`) names; None if it is a template."""
    match = _NAME.fullmatch(text)
    return StringRef(match[1] or string_set, match[2]) if match else None


def parse_text(source: str | int | float, scope: Scope) -> Template:
    """The typed template of a text: a number stands for itself, one word is a string of
    `scope.string_set`, anything else has holes.

    LanguageError for what is wrong in a hole.
    """
    if isinstance(source, bool):
        raise LanguageError("a truth value is no text: put it in quotes", str(source))
    if isinstance(source, int | float):
        return Template(WORDS, (number_to_text(source),))
    if not source.strip():
        raise LanguageError("an empty text")
    ref = string_name(source.strip(), scope.string_set)
    if ref is not None:
        return Template(WORDS, (ref,))
    return Template(WORDS, tuple(_parts(source, scope)))


def _parts(source: str, scope: Scope) -> list[str | StringRef | Hole]:
    parts: list[str | StringRef | Hole] = []
    literal: list[str] = []
    at = 0
    while at < len(source):
        if source.startswith("{{", at):
            literal.append("{")
            at += 2
        elif source[at] == "{":
            if literal:
                parts.append("".join(literal))
                literal = []
            end, colon = _hole(source, at)
            parts.append(_filling(source, at + 1, colon, end, scope))
            at = end + 1
        else:
            literal.append(source[at])
            at += 1
    return [*parts, "".join(literal)] if literal else parts


def _hole(source: str, start: int) -> tuple[int, int | None]:
    """Where the hole that opens at `start` closes, and its last colon outside quotes and brackets."""
    depth, quote, colon = 0, "", None
    at = start + 1
    while at < len(source):
        sign = source[at]
        if quote:
            at += sign == "\\"
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign == "}" and depth == 0:
            return at, colon
        elif sign in _OPENING:
            depth += 1
        elif sign in _CLOSING:
            depth -= 1
        elif sign == ":" and depth == 0:
            colon = at
        at += 1
    raise LanguageError(
        "a hole without its closing brace (a brace itself is {{)", source, start + 1
    )


def _filling(
    source: str, start: int, colon: int | None, end: int, scope: Scope
) -> Hole | StringRef:
    inside = source[start:end]
    if inside.startswith("$"):
        ref = string_name(inside[1:].strip(), scope.string_set)
        if ref is None:
            raise LanguageError("{$…} takes the name of a string, or set/name", source, start + 1)
        return ref
    expression = source[start : end if colon is None else colon]
    format_ = None if colon is None else source[colon + 1 : end].strip()
    try:
        node = parse(expression, scope)
    except LanguageError as error:
        indent = len(expression) - len(expression.lstrip())
        column = start + indent + error.column if error.column else start + 1
        raise LanguageError(error.message, source, column) from None
    try:
        show(node.type, format_)
    except ValueError as error:
        raise LanguageError(str(error), source, start + 1) from None
    if format_ in ("yesno", "truefalse", "present") and node.type.is_text:
        try:
            node = checking.know(node, scope)
        except checking.Mismatch as mismatch:
            raise LanguageError(str(mismatch), source, start + 1) from None
    return Hole(WORDS, node, format_)
