# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on expressions tells every function and format, as it is called."""

import re
from pathlib import Path

import pytest

from camcops.instruments.language.formats import show
from camcops.instruments.language.signatures import FUNCTIONS
from camcops.instruments.language.types import BOOLEAN, DATE, NUMBER

PAGE = (Path(__file__).parents[3] / "docs" / "expressions.md").read_text("utf-8")
CODE = re.findall(r"`([^`]+)`", PAGE)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_stands_in_a_table(name: str) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert any(f"`{name}(" in row for row in rows)


def test_calls_on_the_page_have_as_many_arguments_as_the_function_takes() -> None:
    for call in CODE:
        if match := re.fullmatch(r"(\w+)\((.*)\)", call):
            function = FUNCTIONS.get(match[1])
            if function and function.most is not None:
                arguments = re.sub(r"\{.*\}", "{}", match[2])
                count = len(arguments.split(",")) if arguments else 0
                assert function.least <= count <= function.most, call


def test_every_format_on_the_page_exists() -> None:
    for name in CODE[CODE.index(".2f") :]:
        type_ = DATE if name in ("long", "short") else NUMBER if name in (".2f", "hm") else BOOLEAN
        assert show(type_, name)
