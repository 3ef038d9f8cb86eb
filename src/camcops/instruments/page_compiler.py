# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile `pages:` into the typed tree, and check what they refer to."""

from collections.abc import Mapping
from typing import Any

from camcops.instruments.compiling import Compiling, Expression
from camcops.instruments.element_compiler import ElementCompiler
from camcops.instruments.model import Instrument
from camcops.instruments.pages import Check, Page, Rule
from camcops.instruments.shapes import flag
from camcops.instruments.yaml_reader import line_of

END = "end"


class PageCompiler:
    """Compiles the pages of one instrument."""

    def __init__(
        self, instrument: Instrument, elements: ElementCompiler, tallies: frozenset[str]
    ) -> None:
        self._instrument = instrument
        self._elements = elements
        self._tallies = tallies

    def pages(self, entries: Any, at: Compiling) -> tuple[Page, ...]:
        pages: list[Page] = []
        for index, entry in enumerate(entries):
            line = line_of(entries, index)
            each = entry.get("each")
            if isinstance(each, Mapping):
                for repeated in at.repeated(entry, each):
                    pages.append(self._page(repeated, at, line, None))
            elif each is not None:
                pages.append(self._row_page(entry, at, line, str(each)))
            else:
                pages.append(self._page(entry, at, line, None))
        self._check_ways(pages, at)
        return tuple(pages)

    def _row_page(self, entry: Any, at: Compiling, line: int, table: str) -> Page:
        if table not in self._instrument.tables:
            at.fault(line_of(entry, "each", line), f"{table} is no child table")
            return self._page(entry, at, line, None)
        return self._page(entry, at.at_row(table), line, table)

    def _page(self, entry: Any, at: Compiling, line: int, table: str | None) -> Page:
        checks = [
            Check(
                at.condition(item["that"], line_of(item, "that")),
                at.text(item["else"], line_of(item, "else")),
            )
            for item in entry.get("check", ())
        ]
        rules = entry.get("then", ())
        return Page(
            elements=self._elements.elements(entry["elements"], at),
            line=line,
            id=str(entry["id"]) if "id" in entry else None,
            title=at.optional_text(entry, "title"),
            index=at.optional_text(entry, "index"),
            audience=entry.get("for", self._instrument.audience),
            when=at.optional_condition(entry, "when"),
            table=table,
            scroll=flag(entry.get("scroll", True)),
            checks=tuple(checks),
            rules=tuple(self._rule(rule, at, line_of(rules, i)) for i, rule in enumerate(rules)),
        )

    def _rule(self, entry: Any, at: Compiling, line: int) -> Rule:
        stored = at.in_scope(at.scope.for_storage())
        return Rule(
            condition=stored.optional_condition(entry, "if"),
            add=self._tally_changes(entry.get("add", {}), stored),
            set=self._tally_changes(entry.get("set", {}), stored),
            go=entry.get("go"),
            line=line,
        )

    def _tally_changes(self, entries: Mapping[Any, Any], at: Compiling) -> dict[str, Expression]:
        changes: dict[str, Expression] = {}
        for name, source in entries.items():
            line = line_of(entries, name)
            if name not in self._tallies:
                at.fault(line, f"{name} is no tally of this walk")
            change = at.expression(source, line)
            if not change.type.is_numeric and change.type.word != "missing":
                at.fault(line, f"the tally {name} needs a number, not {change.type}", change.source)
            changes[str(name)] = change
        return changes

    def _check_ways(self, pages: list[Page], at: Compiling) -> None:
        places: dict[str, int] = {}
        for index, page in enumerate(pages):
            if page.id is not None:
                if page.id in places or page.id == END:
                    at.fault(page.line, f"the page id {page.id} is taken")
                places.setdefault(page.id, index)
        for index, page in enumerate(pages):
            for rule in page.rules:
                if rule.go is None or rule.go == END:
                    continue
                if rule.go not in places:
                    at.fault(rule.line, f"there is no page with the id {rule.go}")
                elif places[rule.go] <= index:
                    at.fault(rule.line, f"go leads backwards, to {rule.go}: walks go forwards only")
