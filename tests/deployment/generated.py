# SPDX-License-Identifier: GPL-3.0-or-later
"""What the program prints, and the programs that are to read it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import skip_or_fail

SBIN = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def camcops(*args: str | Path | int) -> subprocess.CompletedProcess[str]:
    """Run `camcops_server` to its end."""
    command = [sys.executable, "-m", "camcops", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def printed(*args: str | Path | int) -> str:
    """The standard output of a command that succeeds and says nothing else."""
    done = camcops(*args)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def needed(name: str, *, for_: str | None = None) -> str:
    """The path of a program; the test is skipped where there is none (or fails: see `skip_or_fail`)."""
    found = shutil.which(name, path=SBIN)
    if found is None:
        skip_or_fail(for_ or name, f"{name} is not installed")
    assert found is not None
    return found


def accepted(*command: str | Path, **options: object) -> str:
    """What a program says when it accepts what it is given."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )
    said: str = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
