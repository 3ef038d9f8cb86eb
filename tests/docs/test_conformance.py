# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on conformance speaks of every requirement, and names tests that there are."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "conformance.md").read_text(encoding="utf-8")
STATES = {"done", "part", "differs", "not testable"}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|") and not re.match(r"^\|(-+\|)+$|^\| (R|the manual says) \|", line)
]


def test_every_requirement_is_there_once_in_order() -> None:
    numbered = [row[0] for row in ROWS if re.fullmatch(r"R\d+", row[0])]
    assert numbered == [f"R{number}" for number in range(1, 61)]


def test_every_row_has_a_state_and_its_evidence() -> None:
    for row in ROWS:
        *_, state, how = row
        assert state in STATES, row
        assert how, row
        if state == "done" and re.fullmatch(r"R\d+", row[0]):
            assert "::" in how, row


def test_every_test_named_exists() -> None:
    named = set(re.findall(r"`([a-z_/]+/test_\w+\.py)(?:::(\w+))?`", PAGE))
    assert len(named) > 80
    for file, function in sorted(named):
        path = TESTS / file
        assert path.exists(), file
        if function:
            text = path.read_text(encoding="utf-8")
            assert re.search(rf"^def {function}\(", text, re.MULTILINE), f"{file}::{function}"
