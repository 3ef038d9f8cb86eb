# SPDX-License-Identifier: GPL-3.0-or-later
"""The package as a file: what Debian's checker says, what is in it, and that it can be made again."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.packaging.conftest import ROOT, build

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("debian-package")]

PLACES = (
    "usr/bin/camcops_",
    "usr/lib/tmpfiles.d/camcops.conf",
    "usr/share/bash-completion/completions/camcops_",
    "usr/share/camcops/server/static",
    "usr/share/camcops/wheels/",
    "usr/share/doc/camcops-server/",
    "usr/share/lintian/overrides/camcops-server",
    "usr/share/man/man1/camcops_",
)


def output_of(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_debian_s_checker_finds_nothing(package: Path) -> None:
    said = output_of("lintian", "--allow-root", "--fail-on", "error,warning", package)
    assert said.strip() == ""


def test_overrides_of_the_checker_say_why() -> None:
    lines = (ROOT / "packaging/debian/camcops-server.lintian-overrides").read_text().splitlines()
    reasons, overrides = lines[::2], lines[1::2]
    assert all(line.startswith("# ") and len(line) > 40 for line in reasons)
    assert all(line.startswith("camcops-server: ") for line in overrides)


def test_what_builds_the_package_has_what_the_program_needs_in_the_same_versions() -> None:
    run, building = (
        set(re.findall(r"^(\S+==\S+)", (ROOT / f"requirements/{name}.txt").read_text(), re.M))
        for name in ("run", "build")
    )
    assert run - building == set()


def test_shell_scripts_are_sound() -> None:
    if shutil.which("shellcheck") is None:
        skip_or_fail("shellcheck", "needs shellcheck")
    packaging = ROOT / "packaging"
    scripts = [*(packaging / "debian").glob("*.p*"), packaging / "container/serve_front"]
    assert len(scripts) == 4
    assert output_of("shellcheck", *scripts) == ""


def test_files_lie_where_they_should_and_belong_to_root(package: Path) -> None:
    lines = output_of("dpkg-deb", "--contents", package).splitlines()
    files = [line.split(maxsplit=5) for line in lines if not line.startswith("d")]
    paths = [fields[5].removeprefix("./") for fields in files]
    assert {path for path in paths if not path.startswith(PLACES)} == set()
    assert {fields[1] for fields in files} == {"root/root"}
    assert not any(
        re.match(r".....w|........w", fields[0]) for fields in files if fields[0][0] == "-"
    )
    for needed in ("copyright", "changelog.Debian.gz", "README.Debian", "html/index.html"):
        assert f"usr/share/doc/camcops-server/{needed}" in paths


def test_it_holds_exactly_the_hashed_requirements(package: Path, tmp_path: Path) -> None:
    output_of("dpkg-deb", "--extract", package, tmp_path)
    folder = tmp_path / "usr/share/camcops/wheels"
    listed = set(re.findall(r"sha256:(\w+)", (ROOT / "requirements/run.txt").read_text()))
    sums = {
        wheel.name: hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in folder.glob("*.whl")
    }
    ours = {name for name, digest in sums.items() if digest not in listed}
    assert [name.split("-")[0] for name in ours] == ["camcops_server"]
    stated = re.findall(r"sha256:(\w+)", (folder / "requirements.txt").read_text())
    assert sorted(stated) == sorted(sums.values())


def test_a_second_build_is_the_same_to_the_byte(package: Path, tmp_path: Path) -> None:
    again = build(tmp_path, TZ="Asia/Tokyo", LC_ALL="C", TMPDIR=str(tmp_path))
    assert again.name == package.name
    assert (
        hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(package.read_bytes()).digest()
    )
    again.unlink()
