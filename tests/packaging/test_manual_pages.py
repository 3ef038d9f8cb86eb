# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual pages of the installed package say what the installed programs' help says."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.packaging.clean_root import CleanRoot
from tests.packaging.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("debian-package")]

SCRIPTS = sorted(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"])


def read(page: Path) -> str:
    """The page as `man` shows it on a wide terminal; it must find nothing to warn of."""
    shown = subprocess.run(
        ["man", "--warnings", "--local-file", page],
        env={**os.environ, "MANWIDTH": "200", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert shown.returncode == 0
    assert shown.stderr == ""
    return shown.stdout


@pytest.mark.parametrize("program", SCRIPTS)
def test_each_program_has_a_page_with_all_that_its_help_names(
    installation: CleanRoot, program: str
) -> None:
    page = read(installation.changed / f"usr/share/man/man1/{program}.1.gz")
    help_text = installation.do(f"{program} --help")
    assert re.search(rf"^NAME\n\s+{program} - \w", page, re.MULTILINE)
    for heading in ("SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"):
        assert re.search(rf"^{heading}$", page, re.MULTILINE)
    options = set(re.findall(r"--[a-z_]+", help_text))
    assert options
    assert {option for option in options if option not in page} == set()


def test_the_main_page_has_each_command_with_each_of_its_options(installation: CleanRoot) -> None:
    page = read(installation.changed / "usr/share/man/man1/camcops_server.1.gz")
    sections = dict(
        re.findall(r"^   (\w[\w ]*)\n(.*?)(?=^\S|^   \S)", page, re.MULTILINE | re.DOTALL)
    )
    shown = installation.do("camcops_server --allhelp")
    helps = re.findall(
        r"^Usage: camcops_server (\w[\w ]*?) (?:\[|-).*\n((?:(?!={79}).*\n)*)", shown, re.M
    )
    assert len(helps) > 20
    for command, text in helps:
        lacking = {
            option for option in re.findall(r"--[a-z_]+", text) if option not in sections[command]
        }
        assert lacking == set(), command
