# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compiled is only what the language means: no text of a definition becomes Python."""

import pytest

from camcops.instruments.language.compiler import compile_tree
from camcops.instruments.language.parser import parse
from camcops.instruments.language.patterns import Code
from camcops.instruments.language.text import parse_text
from camcops.instruments.language.words import Words
from tests.instruments.language.specimen import SCOPE, environment

HOSTILE = ("__import__('os').getpid()", "env", "constant1", "') or env.fields.clear() or ('")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stays_text(text: str) -> None:
    quoted = '"' + text + '"'
    assert compile_tree(parse(quoted, SCOPE))(environment()) == text
    assert compile_tree(parse(f"concat({quoted}, q1)", SCOPE))(environment(q1=2)) == f"{text}2"
    assert compile_tree(parse_text(text + "!", SCOPE))(environment()) == Words.of(text + "!")


def test_code_reaches_no_builtins() -> None:
    code = Code()
    run = code.function(code.fill("open"))
    with pytest.raises(NameError):
        run(environment())


def test_an_operand_is_computed_once_and_only_if_those_before_it_are_there() -> None:
    asked: list[str] = []

    def answer(name: str, value: object) -> object:
        asked.append(name)
        return value

    code = Code()
    operands = [
        code.call(answer, code.constant(name), code.constant(value))
        for name, value in (("a", 3), ("b", None), ("c", 4))
    ]
    run = code.function(code.unless_missing("A + B + C + A", *operands))
    assert run(environment()) is None
    assert asked == ["a", "b"]
