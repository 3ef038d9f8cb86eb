# SPDX-License-Identifier: GPL-3.0-or-later
"""Installed on a clean Debian without a network: what is there, and that it works as it must."""

import pwd
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.packaging.clean_root import CleanRoot
from tests.packaging.conftest import ROOT
from tests.packaging.serving_script import CONFIGURE, SERVE, WEB_USER

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("debian-package")]

MADE_BY_THE_INSTALLATION = ("usr/share/camcops/venv-",)
MADE_EMPTY = {
    "etc/camcops",
    "run/camcops",
    "run/lock/camcops",
    "var/cache/camcops/matplotlib",
    "var/lib/camcops",
    "var/tmp/camcops",
}
LIMIT_MB = 350


def test_nothing_lies_outside_the_promised_places(installation: CleanRoot) -> None:
    packaged = {
        line.removeprefix("/") for line in installation.do("dpkg -L camcops-server").splitlines()
    }
    around = {str(parent) for path in MADE_EMPTY for parent in Path(path).parents}
    made = {
        path
        for path in installation.paths() - packaged - around
        if not path.startswith(MADE_BY_THE_INSTALLATION)
    }
    assert made == {"usr/share/camcops/venv", *MADE_EMPTY}
    assert not any(path.startswith(("usr/local", "opt")) for path in installation.paths())


def test_folders_of_the_web_user_are_closed_to_others(installation: CleanRoot) -> None:
    web_user = int(installation.do("id -u www-data"))
    for path in MADE_EMPTY:
        facts = (installation.changed / path).stat()
        assert (path, facts.st_uid, stat.S_IMODE(facts.st_mode)) == (path, web_user, 0o700)


def test_the_program_belongs_to_root_and_is_compiled(installation: CleanRoot) -> None:
    program = installation.changed / "usr/share/camcops"
    writable = [
        path
        for path in program.rglob("*")
        if not path.is_symlink() and (path.stat().st_uid != 0 or path.stat().st_mode & 0o022)
    ]
    assert writable == []
    modules = list(program.glob("venv-*/lib/python3*/site-packages/camcops/**/*.py"))
    assert len(modules) > 200
    compiled = {Path(path.parent, path.name.split(".")[0]) for path in program.rglob("*.pyc")}
    assert [m for m in modules if m.parent / "__pycache__" / m.stem not in compiled] == []


def test_it_is_small_enough(installation: CleanRoot) -> None:
    files = (p for p in (installation.changed / "usr").rglob("*") if not p.is_symlink())
    assert sum(path.stat().st_size for path in files if path.is_file()) < LIMIT_MB * 1_000_000


def test_systemd_makes_the_folders_that_a_restart_of_the_machine_loses(
    installation: CleanRoot, tmp_path: Path
) -> None:
    if shutil.which("systemd-tmpfiles") is None:
        skip_or_fail("systemd", "needs systemd-tmpfiles")
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group"):
        shutil.copy(f"/etc/{name}", tmp_path / "etc")
    rules = installation.changed / "usr/lib/tmpfiles.d/camcops.conf"
    command: list[str | Path] = ["systemd-tmpfiles", f"--root={tmp_path}", "--create", rules]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    for path in MADE_EMPTY - {"etc/camcops", "var/lib/camcops"}:
        facts = (tmp_path / path).stat()
        assert (path, pwd.getpwuid(facts.st_uid).pw_name) == (path, "www-data")
        assert stat.S_IMODE(facts.st_mode) == 0o700


def test_folders_at_boot_are_those_that_the_program_names(installation: CleanRoot) -> None:
    told = installation.do("camcops_server demo_tmpfiles_config").replace("/var/lock", "/run/lock")
    named = {line for line in told.splitlines() if line.startswith("d ") and "camcops" in line}
    shipped = (installation.changed / "usr/lib/tmpfiles.d/camcops.conf").read_text().splitlines()
    assert named
    assert named <= set(shipped)


def test_it_serves_with_the_program_read_only_and_no_usable_home(installed: CleanRoot) -> None:
    shutil.copy(ROOT / "packaging/container/healthy", installed.changed)
    well = f"{WEB_USER} /healthy && echo well"
    read_only = "mount --bind /usr /usr && mount -o remount,bind,ro /usr"
    said = installed.do(
        f"{read_only}\n{CONFIGURE}\n{SERVE}\n{WEB_USER} camcops_server status\n{well}"
    )
    assert "healthz: 200 ok" in said
    assert "static: same" in said
    assert said.splitlines()[-1] == "well"
    assert installed.run(well).returncode == 1
    written = {path for path in installed.paths() if path.startswith("usr")}
    assert written == set()


def test_without_a_configuration_nothing_runs_and_the_program_says_what_it_needs(
    installed: CleanRoot,
) -> None:
    assert "camcops" not in installed.do("cat /proc/[0-9]*/comm; ls /run/camcops")
    done = installed.run(f"{WEB_USER} env --unset=CAMCOPS_CONFIG_FILE camcops_server status")
    assert done.returncode == 1
    assert "CAMCOPS_CONFIG_FILE" in done.stdout
    assert "Traceback" not in done.stdout


def test_another_user_can_read_neither_configuration_nor_data(installed: CleanRoot) -> None:
    installed.do(CONFIGURE)
    for path in (
        "/etc/camcops/camcops.conf",
        "/var/lib/camcops/camcops.sqlite",
        "/var/tmp/camcops",
    ):
        done = installed.run(
            f"setpriv --reuid=nobody --regid=nogroup --clear-groups test -r {path}"
        )
        assert done.returncode == 1, path
