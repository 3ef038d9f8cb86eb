# SPDX-License-Identifier: GPL-3.0-or-later
"""Database servers that a test may kill, freeze and start again on the same data, and small disks for them.

What they have confirmed survives the death of their processes; it need not survive the machine's.
"""

import functools
import getpass
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.database_servers import await_server, program, run_to_end, unprivileged_user

DISK_MB = 400
PATIENCE_S = 20


@dataclass
class RestartableServer:
    """One MariaDB or PostgreSQL server; `url` leads to the database that it is delivered with."""

    command: Sequence[str]
    folder: Path
    url: sa.URL
    user: str | None
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start it and wait until it answers."""
        for left_over in (*self.folder.glob("*socket*"), *self.folder.glob(".s.PGSQL.*")):
            left_over.unlink()
        command = list(self.command)
        if setpriv := shutil.which("setpriv"):
            command = [setpriv, "--pdeathsig=KILL", *command]
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=self.folder, user=self.user, stdout=output, stderr=output
            )
        await_server(self.process, self.url, self.folder, log)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Kill all its processes at once."""
        assert self.process is not None
        self._send(signal.SIGKILL)
        self.process.wait()

    def freeze(self) -> None:
        """Stop all its processes where they are: connections stay open, nothing answers."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def stop(self) -> None:
        """Ask it to end; connections are closed by it."""
        assert self.process is not None
        # PostgreSQL: SIGTERM would wait for clients to leave.
        self.process.send_signal(signal.SIGINT if "postgresql" in str(self.url) else signal.SIGTERM)
        self.process.wait(PATIENCE_S)

    def _send(self, number: int) -> None:
        assert self.process is not None
        for pid in [self.process.pid, *descendants(self.process.pid)]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue  # it has ended since the list was made


def descendants(pid: int) -> list[int]:
    """The processes that descend from a process."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [found for child in map(int, children) for found in (child, *descendants(child))]


@contextmanager
def restartable_server(backend: str, folder: Path) -> Iterator[RestartableServer]:
    """A running server whose data is in a folder."""
    user = unprivileged_user() if backend == "postgresql" else None
    if user is not None:
        shutil.chown(folder, user)
    make = _mariadb if backend == "mariadb" else _postgresql
    server = make(folder, user)
    server.start()
    try:
        yield server
    finally:
        if server.is_running:
            server.thaw()
            server.kill()


def _mariadb(folder: Path, user: str | None) -> RestartableServer:
    data = [
        "--no-defaults",
        f"--datadir={folder / 'data'}",
        f"--user={getpass.getuser()}",
        "--innodb-log-file-size=8M",
    ]
    install = [program("mariadb-install-db"), *data, "--skip-test-db"]
    run_to_end([*install, "--auth-root-authentication-method=normal"], folder)
    command = [
        *[program("mariadbd", "/usr/sbin"), *data, f"--socket={folder / 'socket'}"],
        *["--skip-networking", "--skip-log-bin", "--innodb-buffer-pool-size=64M"],
        # Written at each commit, though not to the disk itself.
        *["--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync"],
    ]
    url = sa.make_url("mysql+pymysql://root@localhost/mysql")
    address = url.update_query_dict({"unix_socket": str(folder / "socket")})
    return RestartableServer(command, folder, address, user)


def _postgresql(folder: Path, user: str | None) -> RestartableServer:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    data = folder / "data"
    options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"]
    install = [program("initdb", *folders), *options, f"--pgdata={data}"]
    run_to_end([*install, "--wal-segsize=1"], folder, user=user)
    command = [
        *[program("postgres", *folders), "-D", str(data), "-k", str(folder)],
        *["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_wal_size=32MB"],
        *["-c", "min_wal_size=2MB"],
    ]
    url = sa.make_url("postgresql+psycopg://postgres@/postgres")
    return RestartableServer(command, folder, url.update_query_dict({"host": str(folder)}), user)


@contextmanager
def folder_of_its_own(megabytes: int | None = None) -> Iterator[Path]:
    """A new folder with a short path, as sockets need; with `megabytes`, on a disk of that size."""
    folder = Path(tempfile.mkdtemp(prefix="camcops-faults-", dir="/tmp"))
    try:
        if megabytes is not None:
            _mount(folder, megabytes)
        folder.chmod(0o755)
        yield folder
    finally:
        if folder.is_mount():
            subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def can_mount() -> bool:
    """May this process make small disks?"""
    if os.getuid() != 0:
        return False
    try:
        with folder_of_its_own(1):
            return True
    except subprocess.CalledProcessError:
        return False


def require_small_disks() -> None:
    """Skip the test where small disks can't be made."""
    if not can_mount():
        pytest.skip("small disks can only be mounted by root, with the right to mount")


def _mount(folder: Path, megabytes: int) -> None:
    size = f"size={megabytes}m"
    command = ["mount", "-t", "tmpfs", "-o", size, "camcops-faults", str(folder)]
    subprocess.run(command, capture_output=True, check=True)


def fill(folder: Path, *, leave_kb: int) -> Path:
    """Fill the disk of a folder with one file, except for some kilobytes; returns the file."""
    ballast = folder / "ballast"
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize - leave_kb * 1024
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free, 1))
    return ballast
