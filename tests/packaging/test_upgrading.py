# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrading, a failed upgrade, removal and purging: what changes, and what must stay."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.clean_root import CleanRoot
from tests.packaging.serving_script import CONFIGURE, SERVE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("debian-package")]

KEPT = {"/etc/camcops/camcops.conf", "/var/lib/camcops/camcops.sqlite"}
ENVIRONMENTS = "ls -d /usr/share/camcops/venv-*"


@pytest.fixture(scope="module")
def opened(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package, taken apart."""
    folder = tmp_path_factory.mktemp("opened") / "package"
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder], check=True)
    yield folder
    shutil.rmtree(folder)


def as_version(opened: Path, version: str, target: Path) -> None:
    """Write the package as another version of itself."""
    control = opened / "DEBIAN" / "control"
    lines = [
        f"Version: {version}" if line.startswith("Version:") else line
        for line in control.read_text().splitlines()
    ]
    control.write_text("\n".join(lines) + "\n")
    pack: list[str | Path] = [
        "dpkg-deb",
        "--root-owner-group",
        "-Zgzip",
        "-z1",
        "--build",
        opened,
        target,
    ]
    subprocess.run(pack, check=True, capture_output=True)


def test_an_upgrade_keeps_what_is_there_and_what_runs(installed: CleanRoot, opened: Path) -> None:
    as_version(opened, "9.9-1", installed.changed / "new.deb")
    said = installed.do(
        f"{CONFIGURE}\nsha256sum {' '.join(KEPT)} >/sums\n{SERVE}\n"
        "old=$(readlink /usr/share/camcops/venv)\n"
        "dpkg --install /new.deb </dev/null\n"
        "[ $old != $(readlink /usr/share/camcops/venv) ] && echo replaced\n"
        # What ran before still answers, from its own environment, with modules it had not loaded yet.
        f"python3 /tmp/ask.py; {ENVIRONMENTS} | wc -l; camcops_server --version\n"
    )
    assert "replaced" in said
    assert "now run upgrade_db" in said
    assert said.count("healthz: 200 ok") == 2
    assert said.splitlines()[-2:] == ["2", "CamCOPS 0.1.0"]
    said = installed.do("sha256sum --check /sums")
    assert [f"{path}: OK" in said for path in KEPT] == [True, True]
    assert installed.do("dpkg-query -W -f '${Version}' camcops-server") == "9.9-1"


def test_a_failed_upgrade_leaves_the_old_version_working(
    installed: CleanRoot, opened: Path
) -> None:
    wheel = next((opened / "usr/share/camcops/wheels").glob("gunicorn-*.whl"))
    whole = wheel.read_bytes()
    try:
        wheel.write_bytes(whole[: len(whole) // 2])
        as_version(opened, "9.9-2", installed.changed / "broken.deb")
    finally:
        wheel.write_bytes(whole)
    done = installed.run("dpkg --install /broken.deb")
    assert done.returncode == 1
    assert "HASHES" in done.stdout
    said = installed.do(f"{CONFIGURE}\n{SERVE}\n{ENVIRONMENTS} | wc -l")
    assert "healthz: 200 ok" in said
    assert said.splitlines()[-1] == "1"
    as_version(opened, "9.9-3", installed.changed / "repaired.deb")
    # Meanwhile somebody else has put a link where our folder was: it is neither followed nor taken.
    said = installed.do(
        "rmdir /var/tmp/camcops; ln -s /etc /var/tmp/camcops; chown -h nobody /var/tmp/camcops\n"
        f"dpkg --install /repaired.deb; {ENVIRONMENTS} | wc -l; stat --format=%U /etc"
    )
    assert "Setting up camcops-server (9.9-3)" in said
    assert "/var/tmp/camcops was there before, and belongs to the user nobody" in said
    assert said.splitlines()[-2:] == ["1", "root"]


def test_removal_leaves_configuration_and_data_and_purging_only_data(installed: CleanRoot) -> None:
    installed.do(
        f"{CONFIGURE}\nmkdir -p /srv/camcops /var/backups/mysql\n"
        "touch /srv/camcops/logo.png /var/backups/mysql/camcops.sql /var/tmp/camcops/download\n"
        "mkdir /etc/camcops/more; touch /etc/camcops/more/second.conf\n"
        "dpkg --remove camcops-server"
    )
    # Whiteouts of an overlay are not files of the Debian in it, so it is asked itself.
    ours = "find / -xdev -path '*camcops*' ! -path '/var/lib/dpkg/*' ! -path '/proc/*'"
    after_removal = installed.do(f"{ours} -type f").split()
    own = {"/etc/camcops/more/second.conf", "/srv/camcops/logo.png"}
    backups = {"/var/backups/mysql/camcops.sql"}
    assert set(after_removal) == KEPT | own | backups | {"/var/tmp/camcops/download"}
    installed.do("dpkg --purge camcops-server")
    left = set(installed.do(ours).split())
    assert left == {
        "/srv/camcops",
        "/srv/camcops/logo.png",
        "/var/backups/mysql/camcops.sql",
        "/var/lib/camcops",
        "/var/lib/camcops/camcops.sqlite",
    }


def test_purging_what_was_never_set_up_leaves_nothing(installed: CleanRoot) -> None:
    installed.do("dpkg --purge camcops-server")
    assert installed.do("find / -xdev -path '*camcops*' ! -path '/proc/*'") == ""
