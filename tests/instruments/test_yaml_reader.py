# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML as definitions use it: little of it, read exactly, with lines."""

from pathlib import Path

import pytest

from camcops.instruments.faults import Faults
from camcops.instruments.yaml_reader import YamlMap, parse_yaml


def read(text: str) -> YamlMap:
    faults = Faults()
    found = parse_yaml(text, Path("x.yaml"), faults)
    assert not list(faults)
    assert found is not None
    return found


def faults_in(text: str) -> list[str]:
    faults = Faults()
    parse_yaml(text, Path("x.yaml"), faults)
    return [str(fault) for fault in faults]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("True", "True"),
        ("12", 12),
        ("-3", -3),
        ("012", 12),
        ("0o14", "0o14"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2020-01-02", "2020-01-02"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        (".inf", ".inf"),
        ("0..4", "0..4"),
        ("'12'", "12"),
        ('"true"', "true"),
        ('""', ""),
    ],
)
def test_scalars(written: str, value: object) -> None:
    found = read(f"a: {written}")["a"]
    assert found == value
    assert type(found) is type(value)


def test_lines_of_keys_and_items() -> None:
    found = read("a: 1\nb:\n  c: 2\n  d:\n    - x\n    - y\n")
    assert found.line_of("b") == 2
    assert found["b"].line_of("d") == 4
    assert found["b"]["d"].line_of(1) == 6


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\na: 2\n", 2, "the key 'a' twice"),
        ("a: 1\nb:\n", 2, "an empty value"),
        ("a: &x 1\n", 1, "an anchor"),
        ("a: 1\nb: *x\n", 2, ""),
        ("a: {b: 1}\nc:\n  <<: {d: 1}\n", 3, "a merge"),
        ("a: !!str 1\n", 1, "a tag"),
        ("a: [1\nb: 2\n", 2, "is not YAML"),
        ("- a\n", 1, "must be a map"),
    ],
)
def test_faults_name_the_line(text: str, line: int, says: str) -> None:
    (fault, *_) = faults_in(text)
    assert fault.startswith(f"x.yaml:{line}: ")
    assert says in fault


@pytest.mark.parametrize("text", ["a: {say: q1, q2}\n", "a:\n  - {grid: q{1..9}, choices: c}\n"])
def test_a_brace_or_comma_inside_a_flow_map_is_explained(text: str) -> None:
    assert any("block style" in fault for fault in faults_in(text))
