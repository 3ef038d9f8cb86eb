# SPDX-License-Identifier: GPL-3.0-or-later
"""`camcops_server_meta`: one command, several configuration files."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.cli.meta import each_with_its_flag
from tests.running import write_config


def meta(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "camcops.cli.meta", *map(str, args)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three configuration files, the second of which a fake program fails for."""
    made = [tmp_path / f"{name}.conf" for name in ("one", "two bad", "three")]
    for file in made:
        file.touch()
    return made


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """Says what it was called with; fails for files with a bad name."""
    script = tmp_path / "fake_server"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:])\nsys.exit(3 * ('bad' in sys.argv[3]))\n"
    )
    script.chmod(0o755)
    return script


@pytest.mark.slow
def test_all_run_though_the_second_fails(tmp_path: Path) -> None:
    databases = []
    for name in ("one", "two", "three"):
        folder = tmp_path / name
        folder.mkdir()
        databases.append(folder / "camcops.sqlite")
        write_config(folder, sa.make_url(f"sqlite:///{databases[-1]}"), 8000)
    with (tmp_path / "two" / "camcops.conf").open("a") as file:
        file.write("\n[site]\n")
    done = meta("upgrade_db", "--filespecs", tmp_path / "*" / "camcops.conf")
    assert done.returncode == 1
    assert [path.exists() for path in databases] == [True, False, True]
    assert f"failed: {tmp_path}/two/camcops.conf: exit status 1" in done.stderr
    assert "2 of 3 done." in done.stderr


def test_program_and_options_are_those_given(files: list[Path], fake: Path) -> None:
    one, bad, three = files
    options = ("--ccargs", "echo", "src=sqlite:///x y", "--camcops", fake)
    done = meta("merge_db", "--filespecs", one, three, *options)
    assert done.returncode == 0, done.stderr
    expected = ["--echo", "--src=sqlite:///x y"]
    assert done.stdout.splitlines() == [
        str(["merge_db", "--config", str(file), *expected]) for file in (one, three)
    ]
    fake.chmod(0o644)
    by_python = meta("x", "--python", sys.executable, "--camcops", fake, "-v", "--filespecs", bad)
    assert by_python.stdout.strip() == str(["x", "--config", str(bad), "--verbose"])
    assert f"failed: {bad}: exit status 3" in by_python.stderr
    missing = meta("x", "--python", "/no/python", "--filespecs", one)
    assert missing.returncode == 1
    assert "/no/python can't be run" in missing.stderr


def test_flags_may_be_repeated_and_come_in_any_order(files: list[Path], fake: Path) -> None:
    one, _, three = files
    done = meta("x", "--camcops", fake, "--filespecs", one, one, "--filespecs", three)
    assert done.stdout.count("--config") == 2
    assert each_with_its_flag(["--ccargs", "a", "b", "-d", "x", "--python", "p"]) == [
        *("--ccargs", "a", "--ccargs", "b", "-d", "x", "--python", "p")
    ]


def test_stops_at_the_first_failure_if_told_to(files: list[Path], fake: Path) -> None:
    done = meta("x", "--camcops", fake, "--stop_on_error", "--filespecs", *files)
    assert done.returncode == 1
    assert done.stdout.count("--config") == 2
    assert "not begun for 1" in done.stderr


def test_files_are_only_shown(files: list[Path], fake: Path, tmp_path: Path) -> None:
    done = meta("x", "--camcops", fake, "-d", "--filespecs", tmp_path / "*.conf", files[0])
    assert done.returncode == 0
    assert done.stdout.splitlines() == sorted(map(str, files))


def test_no_file_is_nothing_to_do(tmp_path: Path) -> None:
    done = meta("upgrade_db", "--filespecs", tmp_path / "*.conf")
    assert (done.returncode, done.stdout) == (0, "")
    assert str(tmp_path / "*.conf") in done.stderr


@pytest.mark.parametrize("args", [[], ["x"], ["--filespecs", "x"]])
def test_wrong_calls(args: list[str]) -> None:
    done = meta(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: camcops_server_meta" in done.stderr


def test_asked_to_end_it_ends_its_work_and_begins_no_more(tmp_path: Path) -> None:
    script = tmp_path / "sleeper"
    script.write_text(f"#!/bin/sh\necho $$ >>{tmp_path}/pids\nexec sleep 60\n")
    script.chmod(0o755)
    for name in ("one.conf", "two.conf"):
        (tmp_path / name).touch()
    command = [sys.executable, "-m", "camcops.cli.meta", "x", "--camcops", str(script)]
    with subprocess.Popen(
        [*command, "--filespecs", str(tmp_path / "*.conf")], stderr=subprocess.PIPE, text=True
    ) as process:
        pids = tmp_path / "pids"
        while not pids.exists() or not pids.read_text().endswith("\n"):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "ended before it was done" in said
    (pid,) = pids.read_text().split()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
