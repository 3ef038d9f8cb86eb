# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands for SELinux: their shell and their places. What the labels do needs a machine with SELinux."""

import os
from pathlib import Path

from tests.deployment.generated import accepted, printed


def commands_run(tmp_path: Path, *options: str | int) -> list[str]:
    """What the script runs, by stand-ins; `semanage -a` fails, as where the label is set already."""
    script = tmp_path / "labels.sh"
    script.write_text(printed("demo_selinux_commands", *options))
    ran = tmp_path / "ran"
    ran.unlink(missing_ok=True)
    for program in ("semanage", "restorecon", "setsebool"):
        stand_in = tmp_path / program
        stand_in.write_text(f'#!/bin/sh\necho "{program} $*" >>{ran}\n[ "$2" != -a ]\n')
        stand_in.chmod(0o755)
    accepted("sh", script, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    return ran.read_text().splitlines()


def test_every_place_of_the_manual_gets_a_label_also_a_second_time(tmp_path: Path) -> None:
    ran = commands_run(tmp_path)
    words = [line.split() for line in ran if " -m " in line]
    assert {word[5].removesuffix("(/.*)?"): word[4] for word in words} == {
        "/etc/camcops": "httpd_sys_content_t",
        "/usr/share/camcops/server/static": "httpd_sys_content_t",
        "/srv/camcops/images": "httpd_sys_content_t",
        "/var/cache/camcops": "httpd_cache_t",
        "/var/tmp/camcops": "httpd_cache_t",
        "/var/lock/camcops": "httpd_var_run_t",
        "/run/camcops": "httpd_var_run_t",
    }
    assert not any("setsebool" in line for line in ran)


def test_a_port_needs_leave_to_connect(tmp_path: Path) -> None:
    ran = commands_run(tmp_path, "--port", 8000)
    assert ran[-1] == "setsebool -P httpd_can_network_connect on"
    assert not any("/run/camcops" in line for line in ran)
