# SPDX-License-Identifier: GPL-3.0-or-later
"""Computed names: the entries of `define`, `scores` and `complete`, typed and put in order.

Entries may refer to each other in any order. A cycle is an error, and so is anything stored that reaches
the clock, the settings or the wording, however indirectly.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from graphlib import CycleError, TopologicalSorter

from camcops.instruments.language import checking
from camcops.instruments.language.checking import Mismatch
from camcops.instruments.language.compiler import compile_tree
from camcops.instruments.language.contents import Content, parse_content
from camcops.instruments.language.environment import Closure, Program
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.scope import Scope, Symbol, SymbolKind, declare
from camcops.instruments.language.tree import Call, Names, Node, Reference, RowValue, Template, walk
from camcops.instruments.language.types import MISSING, MIXED, Type

DEEPEST = 400  # calls of Python: with an expression outside, well under its limit of 1000
Key = tuple[str | None, str]
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class Use(Enum):
    """What a computed name is for."""

    DEFINE = auto()
    SCORE = auto()
    CONDITION = auto()


@dataclass(frozen=True, slots=True)
class Source:
    """An entry as the file has it; `table` for one about a child table's rows.

    `content` is an expression or a map with `value`, `bands`, `cases` or `from` (other keys are left
    alone). `CONDITION` is stored and False where missing.
    """

    name: str
    content: Content
    use: Use = Use.DEFINE
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """A computed name. `form_only` says why nothing stored may reach it, if so; `reads` are the computed
    names that it refers to; `depth` bounds how many calls nest when it is computed."""

    name: str
    table: str | None
    node: Node
    type: Type
    use: Use
    form_only: str | None
    reads: frozenset[Key]
    depth: int


@dataclass(frozen=True)
class Definitions:
    """Every computed name: those of the record in `entries`, of rows in `rows`, in the order given.

    `scope` knows all names, computed ones with their types; `program` computes them.
    """

    entries: Mapping[str, Definition]
    rows: Mapping[str, Mapping[str, Definition]]
    scope: Scope
    program: Program

    def reached(self, node: Node) -> frozenset[str]:
        """Every field, fact and child table on which the node depends, directly or through computed names."""
        found: set[str] = set()
        waiting: list[Key] = []
        seen: set[Key] = set()
        found, waiting = _direct(node)
        while waiting:
            key = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            table, name = key
            definition = self.entries[name] if table is None else self.rows[table][name]
            more, keys = _direct(definition.node)
            found |= more
            waiting += keys
        return frozenset(found)


def _direct(node: Node) -> tuple[set[str], list[Key]]:
    names: set[str] = set()
    computed: list[Key] = []
    for part in walk(node):
        if isinstance(part, Reference) and part.names is Names.COMPUTED:
            computed.append((None, part.name))
        elif isinstance(part, Reference) and part.names in (Names.FIELD, Names.FACT, Names.ROWS):
            names.add(part.name)
        elif isinstance(part, RowValue) and part.computed and part.row.type.table:
            computed.append((part.row.type.table, part.name))
        elif isinstance(part, RowValue):
            names.add(f"{part.row.type.table}.{part.name}")
    return names, computed


def define(sources: Sequence[Source], scope: Scope) -> Definitions:
    """All entries typed and compiled, in a scope of everything that isn't computed.

    LanguageError for the first fault; its `entry` is the computed name whose definition it is.
    """
    return _Definer(sources, scope).define()


class _Definer:
    def __init__(self, sources: Sequence[Source], scope: Scope) -> None:
        computed = Symbol(SymbolKind.COMPUTED)
        top = [(s.name, computed) for s in sources if s.table is None]
        tables = {
            table: declare(
                [*columns.items(), *((s.name, computed) for s in sources if s.table == table)]
            )
            for table, columns in scope.tables.items()
        }
        self.scope = replace(
            scope.with_symbols(declare(top)),
            tables=tables,
            resolve=lambda table, name: self.symbol((table, name)),
        )
        self.sources: dict[Key, Source] = {(s.table, s.name): s for s in sources}
        self.done: dict[Key, Definition] = {}
        self.working: list[Key] = []

    def define(self) -> Definitions:
        for key in self.likely_order():
            self.definition(key)
        entries = {name: self.done[(None, name)] for table, name in self.sources if table is None}
        rows: dict[str, dict[str, Definition]] = {table: {} for table in self.scope.tables}
        for table, name in self.sources:
            if table is not None:
                rows[table][name] = self.done[(table, name)]
        program = Program(_Compiled(entries), {table: _Compiled(of) for table, of in rows.items()})
        return Definitions(entries, rows, self.scope, program)

    def likely_order(self) -> list[Key]:
        """What is mentioned before what mentions it, as far as words tell: keeps the recursion flat."""
        by_word: dict[str, list[Key]] = {}
        for key in self.sources:
            by_word.setdefault(key[1], []).append(key)
        words = {
            key: set(_WORD.findall(str(source.content))) for key, source in self.sources.items()
        }
        graph = {
            key: {other for word in found for other in by_word.get(word, ()) if other != key}
            for key, found in words.items()
        }
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError:
            return list(self.sources)

    def symbol(self, key: Key) -> Symbol:
        definition = self.definition(key)
        return Symbol(SymbolKind.COMPUTED, definition.type, form_only=definition.form_only)

    def definition(self, key: Key) -> Definition:
        if key in self.done:
            return self.done[key]
        if key in self.working:
            cycle = [name for _, name in (*self.working[self.working.index(key) :], key)]
            raise LanguageError("a cycle of computed names", " → ".join(cycle))
        self.working.append(key)
        try:
            made = self.done[key] = self.make(key)
        except LanguageError as error:
            error.entry = error.entry or key[1]
            raise
        except RecursionError:
            raise LanguageError("too deeply nested", key[1]) from None
        self.working.pop()
        return made

    def make(self, key: Key) -> Definition:
        source = self.sources[key]
        scope = self.scope if source.table is None else self.scope.at_row(source.table)
        scope = scope.for_forms() if source.use is Use.DEFINE else scope.for_storage()
        node = parse_content(source.name, source.content, scope)
        if source.use is Use.CONDITION:
            node = _as_condition(source.name, node, scope)
        self.check_type(source, node)
        reads = frozenset(_direct(node)[1])
        depth = _depth(node, {key: self.done[key].depth for key in reads})
        if depth > DEEPEST:
            raise LanguageError("computed names build on each other too deeply", source.name)
        return Definition(
            source.name,
            source.table,
            node,
            node.type,
            source.use,
            checking.form_only(node),
            reads,
            depth,
        )

    def check_type(self, source: Source, node: Node) -> None:
        if source.use is Use.SCORE and (node.type.is_list or node.type.table):
            raise LanguageError(f"a score is one value, not a {node.type}", source.name)
        if source.use is Use.SCORE and node.type in (MISSING, MIXED):
            raise LanguageError("a score of no type: it is always missing", source.name)


def _as_condition(name: str, node: Node, scope: Scope) -> Node:
    try:
        return checking.counts_as_false(checking.condition(node, scope))
    except Mismatch as mismatch:
        raise LanguageError(str(mismatch), name) from None


def _depth(node: Node, below: Mapping[Key, int]) -> int:
    """How many calls of Python nest, at most, when the node is computed with what it refers to."""
    own = max((_depth(child, below) for child in node.children()), default=0)
    if isinstance(node, Reference) and node.names is Names.COMPUTED:
        own = below[(None, node.name)]
    if isinstance(node, RowValue) and node.computed:
        own = max(own, below[(node.row.type.table, node.name)])
    return own + (4 if isinstance(node, Call | Reference | RowValue | Template) else 2)


class _Compiled(dict[str, Closure]):
    """The definitions' functions, each made when first asked for."""

    def __init__(self, definitions: Mapping[str, Definition]) -> None:
        super().__init__()
        self._definitions = definitions

    def __missing__(self, name: str) -> Closure:
        made = self[name] = compile_tree(self._definitions[name].node)
        return made
