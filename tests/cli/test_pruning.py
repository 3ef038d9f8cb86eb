# SPDX-License-Identifier: GPL-3.0-or-later
"""`prune_backups`: exactly those that were promised stay."""

import datetime as dt
import os
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from camcops.cli.main import server
from camcops.cli.shell import run

NOW = dt.datetime.now().astimezone().replace(microsecond=0) - dt.timedelta(hours=2)
WHOLE = "CREATE TABLE x (y INT);\n-- Dump completed on 2026-01-01  3:00:00\n"


def made(
    folder: Path, name: str, age_days: float = 40, content: str | None = WHOLE, pre: str = "camcops"
) -> Path:
    path = folder / f"{pre}_{name}"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("manifest.json", "{}")
    else:
        path.write_text(content)
    at = time.time() - age_days * 86400
    os.utime(path, (at, at))
    return path


def dated(folder: Path, at: dt.datetime, ending: str = ".sql", content: str | None = WHOLE) -> Path:
    """A backup made at that moment."""
    path = folder / f"camcops_{at:%Y%m%dT%H%M%S}{ending}"
    made(folder, path.name.removeprefix("camcops_"), content=content)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def prune(folder: Path, *more: str) -> int:
    return run(server, ["prune_backups", "--directory", str(folder), *more])


def days_before(number: int) -> dt.datetime:
    return (NOW.replace(tzinfo=None) - dt.timedelta(days=number)).astimezone()


@pytest.mark.parametrize(
    ("name", "age_days", "stays"),
    [
        ("20200101T030000.sql", 2000, True),
        ("20200201T030000_with_drop_create_database.sql", 1900, True),
        ("20200301T030000.backup", 1900, True),
        ("20200115T030000.sql", 30, True),
        ("20200115T030000.sql", 31.5, True),
        ("20200115T030000.sql", 32.1, False),
        ("20200115T030000_with_drop_create_database.sql", 32.1, False),
        ("20200115T030000.backup", 32.1, False),
        ("test_20200102T030000.sql", 40, True),
        ("notes.sql", 40, True),
        ("20200115T030000.sql.gz", 40, True),
        ("20200115T0300.sql", 40, True),
        ("20201315T030000.sql", 40, True),
        ("20200115T030000.sql.unfinished", 40, True),
    ],
)
@pytest.mark.parametrize("content", [WHOLE, "not whole"])
def test_each_row_of_the_specification(
    tmp_path: Path, name: str, age_days: float, stays: bool, content: str
) -> None:
    made(tmp_path, f"{NOW:%Y%m%d}T000000.sql", 0)
    path = made(tmp_path, name, age_days, content)
    foreign = made(tmp_path, "20200115T030000.sql", pre="camcops2")
    inner = tmp_path / "inner"
    inner.mkdir()
    deeper = made(inner, "20200115T030000.sql")
    assert prune(tmp_path) == 0
    assert path.exists()
    assert prune(tmp_path, "--delete") == 0
    assert path.exists() is stays
    assert foreign.exists()
    assert deeper.exists()


@pytest.mark.parametrize("ending", [".sql", ".backup"])
def test_a_year_of_backups(tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str) -> None:
    content = WHOLE if ending == ".sql" else None
    moments = [days_before(number) for number in range(366)]
    files = {moment: dated(tmp_path, moment, ending, content) for moment in moments}
    promised = {
        path.name for moment, path in files.items() if moment.day == 1 or moment >= days_before(31)
    }
    assert prune(tmp_path) == 0
    listed = capsys.readouterr().out.splitlines()
    assert {Path(line).name for line in listed} == {p.name for p in files.values()} - promised
    assert len(list(tmp_path.iterdir())) == 366
    assert prune(tmp_path, "--delete") == 0
    assert {path.name for path in tmp_path.iterdir()} == promised
    assert len(promised) in (42, 43, 44)
    capsys.readouterr()
    assert prune(tmp_path, "--delete") == 0
    assert capsys.readouterr().out == ""


def test_weeks_months_and_years(tmp_path: Path) -> None:
    moments = [days_before(number) for number in range(3 * 366)]
    files = {moment: dated(tmp_path, moment) for moment in moments}
    tiers = ("--days", "7", "--weeks", "10", "--months", "12", "--years", "3")
    assert prune(tmp_path, *tiers, "--delete") == 0
    first_of_week: dict[tuple[int, int], dt.datetime] = {}
    first_of_year: dict[int, dt.datetime] = {}
    for moment in reversed(moments):
        first_of_week.setdefault(moment.isocalendar()[:2], moment)
        first_of_year.setdefault(moment.year, moment)
    promised = {
        path.name
        for moment, path in files.items()
        if moment >= days_before(7)
        or (moment >= days_before(70) and moment in first_of_week.values())
        or (moment >= days_before(372) and moment.day == 1)
        or moment in first_of_year.values()
    }
    assert {path.name for path in tmp_path.iterdir()} == promised


def test_the_newest_good_one_stays_whatever_its_age(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = [made(tmp_path, f"202001{day}T030000.sql", 2000) for day in (12, 13, 14)]
    broken = made(tmp_path, "20200115T030000.sql", 2000, "CREATE TABLE")
    empty = made(tmp_path, "20200116T030000.sql", 2000, "")
    cut = made(tmp_path, "20200117T030000.backup", 2000, "PK")
    assert prune(tmp_path, "--delete") == 0
    assert "whole" not in capsys.readouterr().err
    assert [path.exists() for path in (*old, broken, empty, cut)] == [
        *(False, False, True, False, False, True)
    ]
    old[2].unlink()
    assert prune(tmp_path, "--delete") == 0
    assert cut.exists()
    assert "no backup of camcops is whole" in capsys.readouterr().err


def test_databases_are_told_apart(tmp_path: Path) -> None:
    for name in ("a", "a_b"):
        made(tmp_path, "20200115T030000.sql", pre=name)
        made(tmp_path, "20200116T030000.sql", pre=name)
    assert prune(tmp_path, "--delete", "--database", "a") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a_20200116T030000.sql",
        "a_b_20200115T030000.sql",
        "a_b_20200116T030000.sql",
    ]
    assert prune(tmp_path, "--delete", "--database", "a", "--database", "a_b") == 0
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_in_the_way_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prune(tmp_path / "none") == 1
    assert "There is no folder" in capsys.readouterr().err
    assert prune(tmp_path, "--delete", "--dry_run") == 2
    assert run(server, ["prune_backups"]) == 2


def test_the_shell_script_prunes_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(400):
        dated(tmp_path, days_before(number))
    made(tmp_path, "test_20200102T030000.sql")
    script = tmp_path / "prune.sh"
    assert run(server, ["demo_prune_script", "--directory", str(tmp_path)]) == 0
    script.write_text(capsys.readouterr().out)
    done = subprocess.run(["sh", str(script)], capture_output=True, text=True, check=True)
    assert prune(tmp_path) == 0
    ours = capsys.readouterr().out.splitlines()
    assert sorted(done.stdout.splitlines()) == sorted(ours)
    assert len(ours) > 350
