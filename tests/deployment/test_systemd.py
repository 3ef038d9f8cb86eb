# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd reads the generated units; the web server tells it when it listens."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.deployment.generated import accepted, camcops, needed, printed
from tests.running import free_port, write_config

UNITS = {
    "camcops.target",
    "camcops_server.service",
    "camcops_workers.service",
    "camcops_scheduler.service",
    "camcops_backup.service",
    "camcops_backup.timer",
}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder like the installed program's: systemd wants the command to be there."""
    command = tmp_path / "program/venv/bin/camcops_server"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    return tmp_path / "program"


@pytest.mark.parametrize("more", [(), ("--instance", "two"), ("--server", "cherrypy")], ids=str)
def test_systemd_accepts_the_units(program: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    analyze = needed("systemd-analyze", for_="systemd")
    units = tmp_path / "units"
    units.mkdir()
    printed("demo_systemd_units", "--program", program, "--directory", units, *more)
    files = sorted(units.iterdir())
    said = accepted(analyze, "verify", "--man=no", *files)
    ours = [line for line in said.splitlines() if str(units) in line or "camcops" in line]
    assert ours == []
    assert len(files) == len(UNITS)


def test_every_program_is_hardened_and_private() -> None:
    for unit in sorted(name for name in UNITS if name.endswith(".service")):
        text = printed("demo_systemd_units", "--unit", unit)
        for line in ("UMask=0077", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes"):
            assert f"\n{line}\n" in text
        assert "\nUser=www-data\n" in text
        assert "RuntimeDirectoryMode=0700" in text


def test_printed_together_the_units_are_told_apart() -> None:
    text = printed("demo_systemd_units")
    assert {name for name in UNITS if f"# /etc/systemd/system/{name}, written" in text} == UNITS


def test_an_unknown_unit_is_refused() -> None:
    done = camcops("demo_systemd_units", "--unit", "nginx.service")
    assert done.returncode == 2
    assert "camcops_server.service" in done.stderr


@pytest.mark.slow
def test_the_web_server_reports_to_systemd_when_it_listens(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """As `Type=notify` demands: without the report systemd would stop it again."""
    port = free_port()
    config = write_config(tmp_path, sa.make_url(f"sqlite:///{sqlite_template}"), port)
    assert "Type=notify" in printed("demo_systemd_units", "--unit", "camcops_server.service")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        name = tmp_path / "notify"
        ear.bind(str(name))
        ear.settimeout(30)
        server = subprocess.Popen(
            [sys.executable, "-m", "camcops", "serve_gunicorn", "--config", str(config)],
            stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": str(name)},
            start_new_session=True,
        )
        try:
            assert b"READY=1" in ear.recv(1000)
            socket.create_connection(("127.0.0.1", port), 5).close()
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
