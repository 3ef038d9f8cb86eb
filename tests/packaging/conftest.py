# SPDX-License-Identifier: GPL-3.0-or-later
"""The package, built once, and a clean Debian on which it is installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.guide.package import built_package
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
def new_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], CleanRoot]]:
    """Makes a clean Debian on which nothing was installed."""
    folders: list[Path] = []

    def make() -> CleanRoot:
        try:
            folders.append(tmp_path_factory.mktemp("debian"))
            return clean_root(folders[-1])
        except RootMissingError as reason:
            skip_or_fail("debian-package", str(reason))
            sys.exit()  # not reached

    yield make
    for folder in folders:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def package(new_root: Callable[[], CleanRoot]) -> Path:
    """The package of this checkout, with which the guide is followed too."""
    new_root()
    return built_package()


@pytest.fixture(scope="session")
def installation(new_root: Callable[[], CleanRoot], package: Path) -> CleanRoot:
    """A clean Debian on which the package was installed without a network: to be looked at only."""
    root = new_root()
    shutil.copy(package, root.changed)
    root.do(f"dpkg --install /{package.name} && rm /{package.name}")
    return root


@pytest.fixture
def installed(installation: CleanRoot, tmp_path: Path) -> Iterator[CleanRoot]:
    """A Debian of the test's own on which the package is installed."""
    (tmp_path / "debian").mkdir()
    yield installation.copy(tmp_path / "debian")
    shutil.rmtree(tmp_path / "debian")
