# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Supervisor runs the three programs by the generated file."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.deployment.generated import printed
from tests.deployment.installed import (
    PROGRAMS,
    SECOND_USER,
    WEB_USER,
    Instance,
    Supervisor,
    as_user,
    owner,
    processes,
    until,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("supervisor")]


def test_the_three_programs_run_as_the_web_user_and_the_web_answers(
    supervisor: Supervisor, instance: Instance
) -> None:
    status = supervisor.status("one")
    assert set(status) == {f"one_{name}" for name in PROGRAMS}
    for state, pid in status.values():
        assert state == "RUNNING"
        assert owner(Path(f"/proc/{pid}"))[0] == WEB_USER
    assert instance.answers()


def test_nothing_needs_roots_home_and_the_plot_cache_is_named(
    supervisor: Supervisor, instance: Instance
) -> None:
    for _, pid in supervisor.status("one").values():
        environment = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        cache = instance.own("cache")
        assert f"HOME={cache}" in environment
        assert f"MPLCONFIGDIR={cache}/matplotlib" in environment
        umask = re.search(r"^Umask:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)
        assert umask
        assert int(umask[1], 8) == 0o077


def test_the_group_is_stopped_and_started_as_one_and_leaves_no_process(
    supervisor: Supervisor, instance: Instance
) -> None:
    said = supervisor.ask("stop", "one:*")
    assert said.count("stopped") == 3, said
    assert processes(str(instance.config)) == []
    assert not instance.answers()
    assert {state for state, _ in supervisor.status("one").values()} == {"STOPPED"}
    said = supervisor.ask("start", "one:*")
    assert said.count("started") == 3, said
    until(instance.answers, "the web answers again")


def test_one_program_is_restarted_by_its_full_name_and_soon_answers(
    supervisor: Supervisor, instance: Instance
) -> None:
    before = supervisor.status("one")
    begun = time.monotonic()
    said = supervisor.ask("restart", "one:one_server")
    until(instance.answers, "the web answers again")
    assert time.monotonic() - begun < 15
    assert "one:one_server: started" in said
    after = supervisor.status("one")
    assert after["one_server"][1] != before["one_server"][1]
    assert after["one_workers"] == before["one_workers"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_killed_program_comes_back_and_its_children_go(
    supervisor: Supervisor, instance: Instance, program: str
) -> None:
    name = f"one_{program}"
    _, pid = supervisor.status("one")[name]
    family = {pid, *children(pid)}
    os.kill(pid, signal.SIGKILL)
    until(
        lambda: (
            supervisor.status("one")[name][0] == "RUNNING"
            and supervisor.status("one")[name][1] not in (0, pid)
        ),
        f"{name} runs again",
    )
    until(instance.answers, "the web answers again")
    until(lambda: family.isdisjoint(processes(str(instance.config))), "no orphan is left")


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_logs_are_where_the_manual_says_and_roots_own(
    supervisor: Supervisor, instance: Instance
) -> None:
    until(lambda: supervisor.all_running("one"), "all three run")
    for program in PROGRAMS:
        log = instance.log(program)
        assert log.stat().st_size > 0
        assert owner(log)[0] == "root"
        assert as_user(SECOND_USER, "cat", str(log)).returncode != 0
        assert as_user(WEB_USER, "cat", str(log)).returncode != 0
    assert owner(instance.machine / "logs") == ("root", 0o750)
    text = printed("demo_supervisor_config")
    for program in PROGRAMS:
        assert f"stdout_logfile = /var/log/supervisor/camcops_{program}.log" in text
    assert "chmod 0750 /var/log/supervisor" in text


def test_the_specimen_follows_the_manual_to_the_letter() -> None:
    text = printed("demo_supervisor_config")
    assert "[group:camcops]\nprograms = camcops_server, camcops_workers, camcops_scheduler" in text
    for line in (
        "directory = /usr/share/camcops",
        "user = www-data",
        "autostart = true",
        "autorestart = true",
        "startsecs = 30",
        "stopwaitsecs = 60",
        "stopasgroup = true",
        "killasgroup = true",
        "redirect_stderr = true",
    ):
        assert text.count(f"\n{line}\n") == 3
    assert (
        "command = /usr/share/camcops/venv/bin/camcops_server serve_gunicorn\n"
        "    --config /etc/camcops/camcops.conf\n"
    ) in text
