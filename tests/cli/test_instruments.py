# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands about instruments, run as a person runs them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from camcops.cli.instruments import instruments
from tests.instruments.definitions import HEAD


def run(*args: str, given: str = "") -> Result:
    return CliRunner().invoke(instruments, args, input=given)


def scored(*lines: object, tokens: bool = True) -> list[dict[str, object]]:
    given = "\n".join(map(json.dumps, lines))
    result = run("score", *(["--tokens"] if tokens else []), given=given)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def test_scoring_keeps_the_order_and_shape() -> None:
    phq9 = {"table": "phq9", "fields": {f"q{n}": 1 for n in range(1, 11)}, "n": 1}
    generic = {
        "when_created": "2022-01-01T10:00:00+00:00",
        "when_firstexit": "2022-01-01T10:01:36+00:00",
        "firstexit_is_finish": True,
    }
    first, second = scored({**phq9, "generic": generic}, {"table": "ref_satis_gen", "fields": {}})
    assert list(first) == [
        "table", "is_complete", "valid", "scores", "trackers", "snomed", "clinical_text",
    ]  # fmt: skip
    assert first["trackers"] == [9]
    assert first["clinical_text"] == ["PHQ-9 total score 9/27 ({ss:MILD})"]
    scores = first["scores"]
    assert isinstance(scores, dict)
    assert scores["is_complete"] is True
    assert scores["seconds_from_creation_to_first_finish"] == 96.0
    assert second["scores"] == {}
    assert second["snomed"] == second["trackers"] == []


def test_scoring_in_words() -> None:
    (one,) = scored({"table": "gad7", "fields": {f"q{n}": 3 for n in range(1, 8)}}, tokens=False)
    assert one["clinical_text"] == ["GAD-7 total score 21/21 (Severe)"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "not JSON"),
        ("[]", "an object"),
        ('{"table": "nowhere"}', "no instrument 'nowhere'"),
        ('{"table": "phq9", "fields": 3}', "fields is no object"),
        ('{"table": "phq9", "patient": {"dob": "x"}}', "no date"),
        ('{"table": "phq9", "generic": {"when_created": "x"}}', "no ISO 8601"),
        ('{"table": "phq9", "generic": {"when_created": "2022-05-01T10:00"}}', "no time zone"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_line_is_named(line: str, reason: str) -> None:
    result = run("score", given=f'{{"table": "phq9"}}\n{line}\n')
    assert result.exit_code != 0
    assert "Line 2" in str(result.exception)
    assert reason in str(result.exception)


def test_show_is_a_codebook() -> None:
    shown = run("show", "phq9").output
    assert "Little interest or pleasure" in shown
    assert "3 = Nearly every day" in shown
    assert "Severe if total ≥ 20" in shown


def test_show_of_an_unknown_instrument() -> None:
    assert "nowhere" in str(run("show", "nowhere").exception)


def test_list_names_all() -> None:
    listed = run("list").output.splitlines()
    assert len(listed) == 138
    assert any(line.startswith("phq9 ") and "complete" in line for line in listed)


def test_check_of_a_folder(tmp_path: Path) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    definition = own / "instrument.yaml"
    definition.write_text(HEAD.format(table="mine") + "complete: yes\n")
    good = run("check", str(tmp_path))
    assert good.exit_code == 0
    assert (
        good.output
        == "1 instruments, 0 of them with their structure only; 0 golden cases; 0 faults.\n"
    )
    definition.write_text(HEAD.format(table="mine") + "complete: q1\n")
    bad = run("check", str(own))
    assert bad.exit_code != 0
    assert "instrument.yaml:6:" in bad.output


def test_check_of_all_that_is_shipped() -> None:
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "; 0 faults." in result.output
