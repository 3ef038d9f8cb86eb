# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances that stand as `make_instance` says, run as the web server's user by a Supervisor of the tests'.

All places are below one folder; they get there by options alone, and no generated file is edited.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import skip_or_fail
from tests.deployment.generated import accepted, camcops, needed

WEB_USER = "www-data"
SECOND_USER = "nobody"
PATIENCE_S = 40.0
PROGRAMS = ("server", "workers", "scheduler")


def until(true: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> float:
    """Wait until it is so; how many seconds it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < patience_s, f"not within {patience_s} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - begun


def interpreter(user: str) -> Sequence[str]:
    """A Python of our version that this user may run, with our packages; the test is skipped without one."""
    found = [path for path in (sys.executable, "/usr/bin/python3") if _runs(user, path)]
    if not found:
        skip_or_fail("supervisor", f"{user} may run no Python {sys.version_info[:2]} here")
    packages = [path for path in sys.path if path.endswith("site-packages")]
    source = Path(__file__).parents[2] / "src"
    return "env", f"PYTHONPATH={os.pathsep.join([str(source), *packages])}", found[0]


def _runs(user: str, python: str) -> bool:
    command = ["runuser", "-u", user, "--", python, "-c", "import sys; print(sys.version_info[:2])"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    return done.stdout.strip() == str(sys.version_info[:2])


def require_root(*programs: str) -> None:
    """These tests change users; skip them where nobody may."""
    for program in programs:
        needed(program, for_="supervisor")
    if os.getuid() != 0:
        skip_or_fail("supervisor", "only root can start programs as the web server's user")


@contextmanager
def machine() -> Iterator[Path]:
    """A folder like a machine's root, with a short path; in it the program, read-only for all."""
    folder = Path(tempfile.mkdtemp(prefix="camcops-site-", dir="/tmp"))
    try:
        folder.chmod(0o755)
        command = folder / "program/venv/bin/camcops_server"
        command.parent.mkdir(parents=True)
        words = " ".join(interpreter(WEB_USER))
        command.write_text(f'#!/bin/sh\nexec {words} -m camcops "$@"\n')
        command.chmod(0o755)
        (folder / "logs").mkdir(mode=0o750)
        yield folder
    finally:
        for pid in processes(str(folder)):
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Instance:
    """One instance on the machine, from its kit."""

    machine: Path
    name: str
    db_url: str
    more: Sequence[str | Path | int] = ()
    kit: Path = field(init=False)

    def __post_init__(self) -> None:
        self.kit = self.machine / "kits" / self.name
        done = camcops(
            *["make_instance", self.name, "--directory", self.kit, "--db_url", self.db_url],
            *["--config", self.config, "--socket", self.socket, "--startsecs", 1],
            *["--program", self.machine / "program", "--cache", self.own("cache") / "matplotlib"],
            *["--lock", self.own("lock"), "--downloads", self.own("downloads")],
            *["--logs", self.machine / "logs", "--host", "localhost", *self.more],
        )
        assert done.returncode == 0, done.stderr
        self.config.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(self.kit / "camcops.conf", self.config)
        self.config.chmod(0o600)
        for path in (self.config.parent, self.config):
            shutil.chown(path, WEB_USER, WEB_USER)
        self.make_folders()

    @property
    def config(self) -> Path:
        return self.machine / "etc" / f"{self.name}.conf"

    @property
    def socket(self) -> Path:
        return self.machine / "run" / f"{self.name}.socket"

    def own(self, place: str) -> Path:
        return self.machine / place / self.name

    def log(self, program: str) -> Path:
        return self.machine / "logs" / f"{self.name}_{program}.log"

    def make_folders(self) -> None:
        """What systemd does at each boot."""
        program = needed("systemd-tmpfiles", for_="supervisor")
        accepted(program, "--create", self.kit / "tmpfiles.conf")

    def run(self, *args: str, user: str = WEB_USER) -> subprocess.CompletedProcess[str]:
        """The program's command as that user, whose home can't be written, in the root folder."""
        command = self.machine / "program/venv/bin/camcops_server"
        return as_user(user, str(command), *args, "--config", str(self.config))

    def answers(self) -> bool:
        return health(self.socket) == 200


def as_user(user: str, *command: str) -> subprocess.CompletedProcess[str]:
    """As `sudo -u USER` runs it, with a home that isn't there."""
    return subprocess.run(
        ["runuser", "-u", user, "--", "env", "HOME=/nonexistent", *command],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def health(path: Path) -> int:
    """Status of `/healthz` at a socket; 0 if nobody answers."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(5)
        try:
            asking.connect(str(path))
            asking.sendall(b"GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n")
            words = asking.recv(100).split()
            return int(words[1]) if len(words) > 1 else 0
        except OSError:
            return 0


def processes(mark: str) -> list[int]:
    """Process numbers of those whose command line contains a text."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if mark.encode() in (entry / "cmdline").read_bytes() and state != "Z":
                found.append(int(entry.name))
        except OSError:
            continue  # it has ended meanwhile
    return [pid for pid in found if pid != os.getpid()]


def owner(path: Path) -> tuple[str, int]:
    """Owner and mode of what is there."""
    status = path.stat()
    return pwd.getpwuid(status.st_uid).pw_name, status.st_mode & 0o777


@dataclass
class Supervisor:
    """The distribution's `supervisord`, with its usual settings, in a folder."""

    folder: Path
    files: Sequence[Path]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def configuration(self) -> Path:
        return self.folder / "supervisord.conf"

    def start(self) -> None:
        files = " ".join(map(str, self.files))
        self.configuration.write_text(
            f"[unix_http_server]\nfile = {self.folder}/supervisor.sock\nchmod = 0700\n"
            f"[supervisord]\nlogfile = {self.folder}/supervisord.log\n"
            f"pidfile = {self.folder}/supervisord.pid\nchildlogdir = {self.folder}/logs\n"
            "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = "
            "supervisor.rpcinterface:make_main_rpcinterface\n"
            f"[supervisorctl]\nserverurl = unix://{self.folder}/supervisor.sock\n"
            f"[include]\nfiles = {files}\n"
        )
        command = ["supervisord", "-n", "-c", str(self.configuration)]
        with (self.folder / "supervisord.out").open("ab") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=TERM", *command],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "HOME": "/root", "LC_ALL": "C"},
            )

    def ask(self, *words: str) -> str:
        """What `supervisorctl` prints."""
        done = subprocess.run(
            ["supervisorctl", "-c", str(self.configuration), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.stdout + done.stderr

    def status(self, instance: str) -> dict[str, tuple[str, int]]:
        """State and process number of each program of the instance."""
        found = {}
        for line in self.ask("status", f"{instance}:*").splitlines():
            words = line.replace(",", " ").split()
            if words and words[0].startswith(f"{instance}:"):
                pid = int(words[3]) if words[2:3] == ["pid"] else 0
                found[words[0].partition(":")[2]] = (words[1], pid)
        return found

    def all_running(self, instance: str) -> bool:
        states = {state for state, _ in self.status(instance).values()}
        return states == {"RUNNING"}

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(90)


@contextmanager
def supervised(folder: Path, instances: Sequence[Instance]) -> Iterator[Supervisor]:
    """Supervisor with these instances, all of whose programs run and answer."""
    supervisor = Supervisor(folder, [one.kit / "supervisor.conf" for one in instances])
    supervisor.start()
    try:
        for one in instances:
            until(one.answers, f"{one.name} answers: {_tail(one)}")
            until(lambda name=one.name: supervisor.all_running(name), f"{one.name} runs")
        yield supervisor
    finally:
        supervisor.stop()


def _tail(instance: Instance) -> str:
    log = instance.log("server")
    return log.read_text()[-2000:] if log.exists() else "no log"
