# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide keeps its own conventions, and what it quotes is what the program says."""

import re

import pytest

from camcops import problems
from camcops.problems import Kind
from tests.guide.journey import PIP, STAGES
from tests.guide.pages import GUIDE, ONLY_SHOWN, Block, blocks, commands, pages_in_order

LANGUAGES = {"sh", "text", "ini", "yaml", "sql", "{toctree}"}
SAYINGS = [kind.says for kind in vars(problems).values() if isinstance(kind, Kind)]


def test_every_page_is_in_the_table_of_contents() -> None:
    there = {path.stem for path in GUIDE.glob("*.md")} - {"index"}
    assert set(pages_in_order()) == there


@pytest.mark.parametrize("page", ["index", *pages_in_order()])
def test_commands_can_be_told_from_files_and_output(page: str) -> None:
    for block in blocks(page):
        assert block.language in LANGUAGES, block.where
        if block.language == "sh":
            reason = block.only_shown
            assert reason is None or len(reason) > 20, f"{block.where}: {ONLY_SHOWN} says why"
            assert not re.search(r"^\s*[$#] \w+_server", block.text, re.MULTILINE), block.where


def followed() -> set[Block]:
    """Blocks that some stage of the journey runs."""
    return {
        block
        for stage in (*STAGES, PIP)
        for step in stage.steps
        for block in commands(step.page)
        if not step.sections or any(name in block.sections for name in step.sections)
    }


def test_every_command_is_run_by_some_stage() -> None:
    every = {block for page in pages_in_order() for block in commands(page)}
    missing = sorted(block.where for block in every - followed())
    assert missing == []


def test_messages_in_the_table_of_symptoms_are_the_programs() -> None:
    text = (GUIDE / "troubleshooting.md").read_text(encoding="utf-8")
    table = [line for line in text.splitlines() if line.startswith("|")]
    quoted = [quote for line in table for quote in re.findall(r"“([^”]+)”", line)]
    assert len(quoted) > 10
    for quote in quoted:
        pieces = [re.escape(piece.strip()) for piece in quote.split("…") if piece.strip()]
        pattern = re.compile(".*".join(pieces), re.DOTALL)
        assert any(pattern.search(saying) for saying in SAYINGS), quote
