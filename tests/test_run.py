# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of a checkout: its help is whole, and it makes an environment by whatever is at hand."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUN = ROOT / "run"

PYTHON = """\
#!/bin/sh
case "$1 $2" in
"-c "*) exit 0 ;;
"-m venv") exit {venv} ;;
"-m pip") [ {pip} = 0 ] && echo "$@" >>{log}; exit {pip} ;;
"-m virtualenv") echo "$@" >>{log}; exit 0 ;;
esac
"""


def run(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RUN, *args], capture_output=True, text=True, env={**os.environ, **environment}, timeout=30
    )


def test_help_names_every_command() -> None:
    shown = run("help")
    cases = RUN.read_text().partition('case "$command" in')[2]
    commands = re.findall(r"^(\w+)(?: \|.*)?\)", cases, re.MULTILINE)
    assert shown.returncode == 0
    assert {"demo", "test", "server", "services", "help"} <= set(commands)
    assert re.findall(r"^  (\w+) ", shown.stdout, re.MULTILINE) == sorted(
        commands, key=lambda name: shown.stdout.index(f"\n  {name} ")
    )


def test_an_unknown_command_exits_2_with_the_help() -> None:
    done = run("nonsense")
    assert done.returncode == 2
    assert "demo" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("venv", "pip", "tried"),
    [(0, 1, []), (1, 0, ["-m pip --version", "-m pip install", "-m virtualenv"])],
)
def test_without_uv_it_takes_venv_or_a_private_virtualenv(
    tmp_path: Path, venv: int, pip: int, tried: list[str]
) -> None:
    script = RUN.read_text().replace('cd "$(dirname "$0")"', f"cd {tmp_path}")
    functions = script.partition("# Installs requirements")[0]
    log, programs = tmp_path / "log", tmp_path / "bin"
    log.touch()
    programs.mkdir()
    for name in ("python3.13", "python3.12", "python3.11", "python3"):
        (programs / name).write_text(PYTHON.format(venv=venv, pip=pip, log=log))
        (programs / name).chmod(0o755)
    path = f"{programs}:/usr/bin:/bin"
    done = subprocess.run(
        ["/bin/sh", "-c", functions + "\nmake_environment"],
        capture_output=True,
        text=True,
        env={"PATH": path, "HOME": str(tmp_path)},
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    lines = log.read_text().splitlines()
    assert len(lines) == len(tried)
    for line, beginning in zip(lines, tried, strict=True):
        assert line.startswith(beginning)
