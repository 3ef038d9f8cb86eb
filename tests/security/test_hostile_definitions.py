# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions and string files made to exhaust or to break out are refused by name, in bounded time."""

import os
import time
from pathlib import Path

import pytest

from camcops.instruments.string_xml import read_string_file
from camcops.problems import Problem
from tests.instruments.definitions import faults_of

SECONDS = 3.0
FORM = "fields:\n  q1: {type: integer, min: 0, max: 3}\n"


def score(expression: str) -> str:
    return f'{FORM}scores:\n  total: {{value: "{expression}", label: q1}}\n'


HOSTILE = {
    "levels in flow": f"use: {'[' * 100_000}\n",
    "levels in block": "".join(f"{' ' * level}a:\n" for level in range(2000)),
    "aliases": "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a]\n" for n in range(50)),
    "a number": f"fields:\n  q1: {{type: integer, max: {'9' * 100_000}}}\n",
    "a bare number": f"{FORM}scores:\n  total: {{value: {'9' * 100_000}, label: q1}}\n",
    "many names": "fields:\n"
    + "".join(f"  z{n}_{{1..9999}}: {{type: integer}}\n" for n in range(300)),
    "brackets": score("(" * 20_000 + "1" + ")" * 20_000),
    "signs": score("-" * 20_000 + "1"),
    "negations": score("not " * 20_000 + "true"),
    "a long sum": score("+".join(["q1"] * 50_000)),
    "repetition": score("'a' * 10**10"),
    "shifting": score("1 << 99999999999"),
    "attributes": score("().__class__.__bases__[0].__subclasses__()"),
    "imports": score("__import__('os').system('true')"),
    "product of braces": score(f"sum(q{'{1..9}' * 9})"),
    "open braces": f'fields:\n  "{"{a-" * 30_000}!": {{type: integer}}\n',
    "half a list": f'fields:\n  "{{{"a.a" * 30_000}!": {{type: integer}}\n',
    "half a list of words": f'fields:\n  "{{{"a," * 30_000}!": {{type: integer}}\n',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_definition_is_refused_soon(tmp_path: Path, body: str) -> None:
    begun = time.process_time()

    assert faults_of(tmp_path, body)

    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("power", ["9**9**9**9**9", "*".join(["9999999999"] * 30)])
def test_numbers_do_not_grow_without_bound(tmp_path: Path, power: str) -> None:
    begun = time.process_time()

    faults_of(tmp_path, score(power))

    assert time.process_time() - begun < SECONDS


def test_definition_is_a_file_of_sane_size(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    definition = tmp_path / "mine" / "instrument.yaml"
    os.mkfifo(definition)
    assert any("is no file" in fault for fault in _faults(definition))

    definition.unlink()
    definition.symlink_to("/dev/zero")
    assert any("is no file" in fault for fault in _faults(definition))

    definition.unlink()
    definition.write_text("a: " + "x" * 5_000_000)
    assert any("is larger than" in fault for fault in _faults(definition))


def _faults(path: Path) -> list[str]:
    from camcops.instruments.faults import Faults
    from camcops.instruments.yaml_reader import read_yaml

    faults = Faults()
    assert read_yaml(path, faults) is None
    return [str(fault) for fault in faults]


LAUGHS = "".join(f'<!ENTITY l{n} "&l{n - 1};&l{n - 1};">' for n in range(1, 40))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE r [<!ENTITY l39 SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE r [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>',
    ],
    ids=["laughs", "external", "parameter"],
)
def test_string_files_declare_no_entities(tmp_path: Path, doctype: str) -> None:
    path = tmp_path / "strings.xml"
    path.write_text(f'{doctype}<r><task name="phq9"><string name="q1">&l39;</string></task></r>')

    with pytest.raises(Problem, match="declares an entity"):
        read_string_file(path)


def test_outer_definition_of_a_string_file_is_never_fetched(tmp_path: Path) -> None:
    outer = tmp_path / "outer.dtd"
    outer.write_text('<!ENTITY l39 "from outside">')
    path = tmp_path / "strings.xml"
    path.write_text(
        f'<!DOCTYPE r SYSTEM "{outer.as_uri()}"><r><task name="phq9">'
        '<string name="q1">&l39;</string></task></r>'
    )

    found = read_string_file(path)

    assert "from outside" not in "".join(string.text for string in found)
