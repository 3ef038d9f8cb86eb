# SPDX-License-Identifier: GPL-3.0-or-later
"""Braces that stand for lists: `q{1..9}`, `{left,right}_{knee,wrist}`, `r{1,33..36}`, `s{n=1..50}`.

As in a shell, but not nested: the leftmost brace varies slowest, `{3..1}` counts down, `{01..10}` keeps its
zeros. Such a brace holds only words, `,` and `..` (at least one of the two, or `n=`).
"""

import itertools
import keyword
import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

from camcops.instruments.language.errors import LanguageError

MOST_MEMBERS = 10_000
WORD = r"[\w+-]+(?:\.[\w+-]+)*"
_ITEM = rf"{WORD}(?:\.\.{WORD})?"
BRACE = rf"\{{(?:[A-Za-z]=)?{_ITEM}(?:,{_ITEM})*\}}"
_BRACE = re.compile(rf"\{{(?:([A-Za-z])=)?({_ITEM}(?:,{_ITEM})*)\}}")
_MALFORMED = re.compile(r"\{[\w+.=-]*(?:,|\.\.)[\w+.,=-]*\}")
_NESTED = re.compile(r"\{[\w+.,=-]+\{")
_INTEGER = re.compile(r"-?\d{1,9}", re.ASCII)

Bindings = Mapping[str, str]
V = TypeVar("V")


def _range(first: str, last: str, text: str) -> Iterator[str]:
    if _INTEGER.fullmatch(first) and _INTEGER.fullmatch(last):
        start, stop = int(first), int(last)
        padded = any(
            len(end.lstrip("-")) > 1 and end.lstrip("-")[0] == "0" for end in (first, last)
        )
        width = max(len(first), len(last)) if padded else 0
        spell = lambda number: f"{number:0{width}d}"  # noqa: E731
    elif len(first) == len(last) == 1 and (first + last).isascii() and (first + last).isalpha():
        if first.isupper() != last.isupper():
            raise LanguageError(f"{first}..{last} mixes capitals and small letters", text)
        start, stop, spell = ord(first), ord(last), chr
    else:
        raise LanguageError(f"{first}..{last} is no range: give two integers or two letters", text)
    step = 1 if start <= stop else -1
    if abs(stop - start) >= MOST_MEMBERS:
        raise LanguageError(f"{first}..{last} is too long", text)
    return map(spell, range(start, stop + step, step))


def _members(items: str, text: str) -> list[str]:
    members: list[str] = []
    for item in items.split(","):
        first, dots, last = item.partition("..")
        members.extend(_range(first, last, text) if dots else (first,))
    return members


def _is_list(match: re.Match[str]) -> bool:
    return bool(match[1]) or "," in match[2] or ".." in match[2]


def _check(text: str) -> None:
    for opening in re.finditer(r"\{", text):
        _check_brace(text, opening.start())


def _check_brace(text: str, at: int) -> None:
    if _NESTED.match(text, at):
        raise LanguageError("braces may not be nested", text, at + 1)
    match = _MALFORMED.match(text, at)
    if match and not _BRACE.fullmatch(match[0]):
        message = f"{match[0]} is no list: it needs words or ranges between its commas"
        raise LanguageError(message, text, at + 1)


def is_expansion(text: str) -> bool:
    """Does it hold a brace that stands for a list?"""
    return any(_is_list(match) for match in _BRACE.finditer(text))


def expand_key(key: str) -> list[tuple[str, Bindings]]:
    """Each name that the key stands for, with what its named braces (`{n=1..5}`) stood for in it."""
    _check(key)
    pieces: list[str] = []
    choices: list[list[str]] = []
    names: list[str | None] = []
    end = 0
    for match in _BRACE.finditer(key):
        if _is_list(match):
            pieces.append(key[end : match.start()])
            choices.append(_members(match[2], key))
            names.append(match[1])
            end = match.end()
    used = [name for name in names if name]
    if len(used) != len(set(used)):
        raise LanguageError("a letter names two braces", key)
    total = 1
    for members in choices:
        total *= len(members)
    if total > MOST_MEMBERS:
        raise LanguageError(f"stands for more than {MOST_MEMBERS} names", key)
    expanded: list[tuple[str, Bindings]] = []
    for chosen in itertools.product(*choices):
        text = "".join(piece + member for piece, member in zip(pieces, chosen, strict=True))
        bindings = {name: member for name, member in zip(names, chosen, strict=True) if name}
        expanded.append((text + key[end:], bindings))
    return expanded


def expand(text: str) -> list[str]:
    """What the text stands for: itself alone, if it holds no such brace."""
    expanded = expand_key(text)
    if any(bindings for _, bindings in expanded):
        raise LanguageError(
            "a brace is named (n=…) where nothing follows that could use the name", text
        )
    return [member for member, _ in expanded]


def substitute(value: V, bindings: Bindings) -> V:
    """The value with `{n}` replaced throughout: in texts, lists, and keys and values of maps."""
    if not bindings:
        return value
    if isinstance(value, str):
        for name, member in bindings.items():
            value = value.replace(f"{{{name}}}", str(member))  # type: ignore[assignment]
        return value
    if isinstance(value, list):
        return [substitute(item, bindings) for item in value]  # type: ignore[return-value]
    if isinstance(value, dict):
        return {substitute(k, bindings): substitute(v, bindings) for k, v in value.items()}  # type: ignore[return-value]
    return value


def in_step(key: str, value: V) -> list[tuple[str, V | str]]:
    """Key and value walked together; a value without a list goes with every key.

    LanguageError if the lists differ in length.
    """
    keys = expand(key)
    if not (isinstance(value, str) and is_expansion(value)):
        return [(name, value) for name in keys]
    values = expand(value)
    if len(keys) != len(values):
        message = f"{key} stands for {len(keys)}, {value} for {len(values)}: they must be as long"
        raise LanguageError(message, value)
    return list(zip(keys, values, strict=True))


_TOKEN = re.compile(
    rf"""
    (?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
  | (?P<list>(?:[A-Za-z_][\w.]*)?(?:{BRACE}\w*)+)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?P<glued>[A-Za-z_]?)
  | (?P<space>\s+)
  | (?P<sign>[-+*/%()\[\]{{}},:.<>=!])
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_KEYWORDS = frozenset("True False None and or not in is if else for".split())
_ESCAPE = re.compile(r"\\(?![\\'\"nt])", re.DOTALL)
_PREFIXED = re.compile(r"\w['\"]", re.ASCII)


def _python(token: re.Match[str], source: str) -> str:
    """The token as Python spells it; LanguageError if the language knows no such token."""
    kind, text, column = token.lastgroup, token[0], token.start() + 1
    if kind == "text" and _ESCAPE.search(text):
        raise LanguageError(
            "unknown escape: a backslash goes before \\ ' \" n t only", source, column
        )
    if kind == "list" and is_expansion(text):
        return f"[{', '.join(expand(text))}]"
    if kind == "word" and keyword.iskeyword(text) and text not in _KEYWORDS:
        raise LanguageError(
            f"{text} is a keyword of Python's: it names nothing here", source, column
        )
    if kind == "glued" and token["glued"]:
        raise LanguageError(f"{text} is no number", source, column)
    return " " if kind == "space" else text


def without_braces(source: str) -> tuple[str, list[int]]:
    """The expression with its lists written out as Python lists, and for each of the new characters the
    column (from 1) that it came from.

    LanguageError for characters and tokens that expressions don't have.
    """
    pieces: list[str] = []
    columns: list[int] = []
    at = 0
    while at < len(source):
        token = _TOKEN.match(source, at)
        if token is None:
            raise LanguageError(f"unexpected {source[at]!r}", source, at + 1)
        if token["sign"] == "{":
            _check_brace(source, at)
        if token["text"] and at and _PREFIXED.match(source, at - 1):
            raise LanguageError("a text has no letter before its quote", source, at)
        text = _python(token, source)
        pieces.append(text)
        same = len(text) == len(token[0])
        columns += [at + 1 + i if same else at + 1 for i in range(len(text))]
        at = token.end()
    columns.append(len(source) + 1)
    return "".join(pieces), columns
