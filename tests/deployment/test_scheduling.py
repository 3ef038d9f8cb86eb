# SPDX-License-Identifier: GPL-3.0-or-later
"""Crontab, tmpfiles.d and logrotate: each is read, and what it says done, by the real program."""

import os
import pwd
import re
import stat
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.deployment.generated import accepted, needed, printed


def test_cron_accepts_the_lines_without_their_user_field(tmp_path: Path) -> None:
    text = printed("demo_crontab", "--instance", "two")
    jobs = [line for line in text.splitlines() if re.match(r"#?\d", line)]
    assert [job.split()[5] for job in jobs] == ["root", "www-data"]
    assert "%" not in text
    plain = tmp_path / "crontab"
    own = [re.sub(r"^#?((\S+ ){5})\S+ ", r"\1", job) for job in jobs]
    plain.write_text("\n".join(["SHELL=/bin/sh", "MAILTO=root", *own, ""]))
    accepted(needed("crontab", for_="cron"), "-n", plain)


def test_folders_that_a_reboot_took_are_made_anew_and_private(tmp_path: Path) -> None:
    """On a root of its own, whose /run and /var/lock are empty."""
    if os.getuid() != 0:
        skip_or_fail("systemd", "only root can make other users' folders")
    program = needed("systemd-tmpfiles", for_="systemd")
    etc = tmp_path / "etc"
    etc.mkdir()
    for name in ("passwd", "group"):
        (etc / name).write_text(Path("/etc", name).read_text())
    file = tmp_path / "tmpfiles.conf"
    file.write_text(printed("demo_tmpfiles_config"))
    accepted(program, "--create", f"--root={tmp_path}", file)
    web = pwd.getpwnam("www-data").pw_uid
    for place in (
        "run/camcops",
        "var/lock/camcops",
        "var/tmp/camcops",
        "var/cache/camcops/matplotlib",
    ):
        found = (tmp_path / place).stat()
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (web, 0o700), place
    logs = (tmp_path / "var/log/supervisor").stat()
    assert (logs.st_uid, stat.S_IMODE(logs.st_mode)) == (0, 0o750)


def test_logs_are_rotated_and_stay_roots_own(tmp_path: Path) -> None:
    if os.getuid() != 0:
        skip_or_fail("logrotate", "the generated file rotates as root")
    program = needed("logrotate")
    logs = tmp_path / "logs"
    logs.mkdir(mode=0o750)
    log = logs / "camcops_server.log"
    log.write_text("a line\n")
    other = logs / "other.log"
    other.write_text("another's\n")
    file = tmp_path / "logrotate.conf"
    file.write_text(printed("demo_logrotate_config", "--logs", logs))
    file.chmod(0o644)
    accepted(program, "--force", "--state", tmp_path / "state", file)
    assert (logs / "camcops_server.log.1").read_text() == "a line\n"
    assert log.read_text() == ""
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert other.read_text() == "another's\n"


@pytest.mark.parametrize(
    "command", ["demo_crontab", "demo_systemd_units", "demo_supervisor_config"]
)
def test_the_web_servers_user_of_other_distributions_can_be_named(command: str) -> None:
    text = printed(command, "--user", "apache")
    assert "apache" in text
    assert "www-data" not in text
