# SPDX-License-Identifier: GPL-3.0-or-later
"""The package, built once, and a clean Debian on which it is installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.packaging.clean_root import CleanRoot, RootMissingError, clean_root

ROOT = Path(__file__).parents[2]


def build(output: Path, **environment: str) -> Path:
    """Build the package from this checkout."""
    done = subprocess.run(
        [ROOT / "packaging" / "build_deb", "--output", output],
        env={**os.environ, **environment},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def new_root(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], CleanRoot]:
    """Makes a clean Debian on which nothing was installed."""

    def make() -> CleanRoot:
        try:
            return clean_root(tmp_path_factory.mktemp("debian"))
        except RootMissingError as reason:
            skip_or_fail("debian-package", str(reason))
            sys.exit()  # not reached

    return make


@pytest.fixture(scope="session")
def package(new_root: Callable[[], CleanRoot], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, built from this checkout."""
    new_root()
    return build(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def installation(new_root: Callable[[], CleanRoot], package: Path) -> CleanRoot:
    """A clean Debian on which the package was installed without a network: to be looked at only."""
    root = new_root()
    shutil.copy(package, root.changed)
    root.do(f"dpkg --install /{package.name} && rm /{package.name}")
    return root


@pytest.fixture
def installed(installation: CleanRoot, tmp_path: Path) -> CleanRoot:
    """A Debian of the test's own on which the package is installed."""
    (tmp_path / "debian").mkdir()
    return installation.copy(tmp_path / "debian")
