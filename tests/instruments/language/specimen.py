# SPDX-License-Identifier: GPL-3.0-or-later
"""A small instrument with one name of each sort, for the tests of the language."""

from datetime import UTC, date, datetime, time
from typing import Any

from camcops.instruments.language.compiler import compile_tree
from camcops.instruments.language.definitions import Definitions, Source, Use, define
from camcops.instruments.language.environment import Environment
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.parser import parse
from camcops.instruments.language.scope import Scope, Symbol, SymbolKind, declare
from camcops.instruments.language.text import parse_text
from camcops.instruments.language.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    INTEGER,
    NUMBER,
    TEXT,
    TIME,
    Type,
    list_of,
    row_of,
)
from camcops.instruments.language.words import StringRef, Words

FIELDS: dict[str, Type] = {
    **{f"q{i}": INTEGER for i in range(1, 6)},
    "x": NUMBER,
    "y": NUMBER,
    "b": BOOLEAN,
    "c": BOOLEAN,
    "note": TEXT,
    "codes": TEXT,
    "born": DATE,
    "seen": DATE,
    "start": DATETIME,
    "stop": DATETIME,
    "up": TIME,
    "bed": TIME,
}
FACTS: dict[str, Type] = {
    "valid": BOOLEAN,
    "patient.sex": TEXT,
    "created": DATETIME,
    "tally": INTEGER,
}
GROUPS = {"main": tuple(f"q{i}" for i in range(1, 6)), "all_of_it": ("main", "note", "b")}
SYMBOLS = declare(
    [
        *((name, Symbol(SymbolKind.FIELD, type_)) for name, type_ in FIELDS.items()),
        *((name, Symbol(SymbolKind.FACT, type_)) for name, type_ in FACTS.items()),
        *((name, Symbol(SymbolKind.GROUP, members=members)) for name, members in GROUPS.items()),
        ("trials", Symbol(SymbolKind.ROWS, list_of(row_of("trials")))),
    ]
)
COLUMNS = {"k": INTEGER, "code": TEXT, "ok": BOOLEAN}
SCOPE = Scope(
    SYMBOLS,
    {"trials": {name: Symbol(SymbolKind.FIELD, type_) for name, type_ in COLUMNS.items()}},
    string_set="specimen",
)
STORED = SCOPE.for_storage()
NOW = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)


class SpecimenLabels:
    """Strings `yes_text` and `ui/done` exist; an answer is labelled by its field and value."""

    def option(self, env: Environment, table: str | None, field: str, value: Any) -> Words | None:
        place = f"{table}[{env.row.number}]." if table and env.row else ""
        return Words.of(StringRef("specimen", f"{place}{field}_{value}"))

    def label(self, env: Environment, table: str | None, field: str) -> Words:
        return Words.of(StringRef("specimen", field))

    def string(self, name: str) -> StringRef | None:
        known = {"yes_text": StringRef("specimen", "yes_text"), "ui/done": StringRef("ui", "done")}
        return known.get(name)

    def render(self, words: Words) -> str:
        return "".join(p if isinstance(p, str) else p.name for p in words.parts)


def environment(
    definitions: Definitions | None = None,
    rows: list[dict[str, Any]] | None = None,
    facts: dict[str, Any] | None = None,
    **answers: Any,
) -> Environment:
    program = (definitions or define([], SCOPE)).program
    every = {"now()": NOW, "valid": True, **(facts or {})}
    return Environment(program, answers, {"trials": rows or []}, every, SpecimenLabels())


def value_of(expression: Any, rows: list[dict[str, Any]] | None = None, **answers: Any) -> Any:
    """The value of an expression of the specimen."""
    return compile_tree(parse(expression, SCOPE))(environment(rows=rows, **answers))


def type_of(expression: Any) -> str:
    return str(parse(expression, SCOPE).type)


def fault(expression: Any, scope: Scope = STORED) -> str:
    """What the parser says against an expression."""
    try:
        parse(expression, scope)
    except LanguageError as error:
        return str(error)
    raise AssertionError(f"accepted: {expression}")


def text_of(source: Any, **answers: Any) -> Words:
    words: Words = compile_tree(parse_text(source, SCOPE))(environment(**answers))
    return words


def shown(source: Any, **answers: Any) -> str:
    """A text in words, strings as [set/name]."""
    parts = text_of(source, **answers).parts
    return "".join(p if isinstance(p, str) else f"[{p.set}/{p.name}]" for p in parts)


def scores(**contents: Any) -> Definitions:
    """Definitions, all of them scores."""
    return define([Source(name, content, Use.SCORE) for name, content in contents.items()], SCOPE)


def score(content: Any, **answers: Any) -> Any:
    """The value of one score."""
    return environment(scores(s=content), **answers).value("s")


def at(hour: int, minute: int = 0) -> time:
    return time(hour, minute)


def day(text: str) -> date:
    return date.fromisoformat(text)
