# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation names what there is."""

import re
import subprocess
from pathlib import Path

import pytest

from camcops.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
RUN = (ROOT / "run").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_in_the_administrators_table(command: str) -> None:
    page = (ROOT / "docs" / "administrator" / "commands.md").read_text()
    assert re.search(rf"^\|.*`{command}\b", page, re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_documents_exist(document: Path) -> None:
    text = document.read_text()
    for name in re.findall(r"camcops_server ([a-z_]+)", text):
        assert name in COMMANDS
    for name in re.findall(r"\./run server ([a-z_]+)", text):
        assert name in COMMANDS
    for name in re.findall(r"\./run ([a-z]+)", text):
        assert re.search(rf"^{name}\b.*\)", RUN, re.MULTILINE), name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


def test_run_help_lists_every_command() -> None:
    shown = subprocess.run(
        [ROOT / "run", "help"], capture_output=True, text=True, check=True
    ).stdout
    for name in re.findall(r"^([a-z]+)\)", RUN, re.MULTILINE):
        assert re.search(rf"^  {name}\b", shown, re.MULTILINE), name
