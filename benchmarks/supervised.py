# SPDX-License-Identifier: GPL-3.0-or-later
"""A private Supervisor that runs the program by the configuration that the program writes for it."""

import getpass
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 60
STARTSECS = 2


@dataclass(frozen=True)
class Supervisor:
    """Runs the instance `camcops`."""

    configuration: Path

    def ask(self, *words: str) -> str:
        command = ["supervisorctl", "-c", str(self.configuration), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def restart(self, answers: Callable[[], bool]) -> float:
        """Restart the web server; seconds from the command until it answers again."""
        began = time.perf_counter()
        asked = subprocess.Popen(
            ["supervisorctl", "-c", str(self.configuration), "restart", "camcops:camcops_server"],
            stdout=subprocess.DEVNULL,
        )
        until(lambda: not answers())
        until(answers)
        taken = time.perf_counter() - began
        asked.wait()
        return taken


@contextmanager
def supervisor(folder: Path, config: Path, answers: Callable[[], bool]) -> Iterator[Supervisor]:
    """Started in a folder, with the programs of a configuration file, once `answers` is true."""
    launcher = folder / "venv" / "bin" / "camcops_server"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -m camcops "$@"\n')
    launcher.chmod(0o755)
    places = {"--program": folder, "--cache": folder / "cache" / "plots", "--logs": folder}
    more = {"--config": config, "--user": getpass.getuser(), "--startsecs": STARTSECS}
    command = [sys.executable, "-m", "camcops", "demo_supervisor_config"]
    for name, value in (places | more).items():
        command += [name, str(value)]
    written = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (folder / "camcops.conf").write_text(written)
    made = Supervisor(folder / "supervisord.conf")
    made.configuration.write_text(_main(folder))
    process = subprocess.Popen(["supervisord", "-n", "-c", str(made.configuration)])
    try:
        until(answers)
        yield made
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def is_installed() -> bool:
    return shutil.which("supervisord") is not None


def until(happens: Callable[[], bool]) -> None:
    """Wait for it, looking each hundredth of a second."""
    deadline = time.monotonic() + PATIENCE_S
    while not happens():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)


def _main(folder: Path) -> str:
    return f"""\
[supervisord]
logfile = {folder}/supervisord.log
pidfile = {folder}/supervisord.pid
silent = true
[unix_http_server]
file = {folder}/ctl
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://{folder}/ctl
[include]
files = {folder}/camcops.conf
"""
