# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide's pages, and the commands in them.

Commands stand in blocks fenced as `sh`. All are run, in the order of the pages; one whose first line begins
with `# Only shown:` is not, and says why. Other fences (`text`, `ini`, `yaml`, `sql`) show files and output.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "administrator"
ONLY_SHOWN = "# Only shown:"
FENCE = re.compile(r"^( *)(```+)(\{[a-z-]+\})?\s*([a-z]*)\s*$")
HEADING = re.compile(r"^(#+) +(.+?)\s*$")


@dataclass(frozen=True)
class Block:
    """One fenced block: its page, first line, the headings above it, its language and its text."""

    page: str
    line: int
    sections: tuple[str, ...]
    language: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.page}.md:{self.line}"

    @property
    def only_shown(self) -> str | None:
        """Why it isn't run; None if it is."""
        first = self.text.partition("\n")[0]
        return first.removeprefix(ONLY_SHOWN).strip() if first.startswith(ONLY_SHOWN) else None


def pages_in_order() -> list[str]:
    """The names of the guide's own pages, as the table of contents of its first page has them."""
    text = (GUIDE / "index.md").read_text(encoding="utf-8")
    found = re.search(r"^```\{toctree\}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found is not None, "the guide's first page has no table of contents"
    lines = [line.strip() for line in found[1].splitlines()]
    return [line for line in lines if line and not line.startswith((":", "../"))]


def blocks(page: str) -> list[Block]:
    """All fenced blocks of a page, in order."""
    return list(_blocks(page, (GUIDE / f"{page}.md").read_text(encoding="utf-8")))


def commands(page: str) -> list[Block]:
    """The blocks of a page that are run."""
    return [block for block in blocks(page) if block.language == "sh" and block.only_shown is None]


def _blocks(page: str, text: str) -> Iterator[Block]:
    sections: list[tuple[int, str]] = []
    indent, fence, language, began, inside = "", "", "", 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            if line.strip() == fence:
                names = tuple(name for _, name in sections)
                yield Block(page, began + 1, names, language, "\n".join(inside) + "\n")
                fence, inside = "", []
            else:
                inside.append(line.removeprefix(indent))
        elif found := FENCE.match(line):
            indent, fence, language, began = found[1], found[2], found[3] or found[4], number
        elif found := HEADING.match(line):
            depth = len(found[1])
            sections = [each for each in sections if each[0] < depth] + [(depth, found[2])]
    assert not fence, f"{page}.md:{began}: a block without an end"
