# SPDX-License-Identifier: GPL-3.0-or-later
"""Private MariaDB and PostgreSQL servers: temporary folder, UNIX socket, gone with the tests.

What a test writes need not outlive the machine, so they don't wait for the disk unless they are asked to be
`durable`, as benchmarks must.
"""

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

START_PATIENCE_S = 60


class ServerMissingError(Exception):
    """The programs of a database server are not installed; the text says which."""


@contextmanager
def mariadb_server(*, durable: bool = False) -> Iterator[sa.URL]:
    """The address of a MariaDB server's database `mysql`."""
    install = program("mariadb-install-db")
    server = program("mariadbd", "/usr/sbin")
    with _folder("camcops-mariadb-") as folder:
        options = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={getpass.getuser()}"]
        # A server that starts clears what it takes for leftovers out of its temporary folder.
        options.append(f"--tmpdir={folder}")
        run_to_end(
            [install, *options, "--auth-root-authentication-method=normal", "--skip-test-db"],
            folder,
        )
        socket = folder / "socket"
        hasty = ["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync"]
        small = ["--innodb-buffer-pool-size=64M", "--innodb-log-file-size=32M"]
        # As docs/administrator/performance.md advises.
        large = [f"--innodb-buffer-pool-size={_memory() // 4}"]
        command = [
            *[server, *options, f"--socket={socket}", "--skip-networking", "--skip-log-bin"],
            *(large if durable else [*hasty, *small]),
            *["--table-open-cache=1000", "--max-allowed-packet=256M"],
        ]
        url = sa.make_url("mysql+pymysql://root@localhost/mysql")
        with _running(
            command, url.update_query_dict({"unix_socket": str(socket)}), folder
        ) as ready:
            yield ready


@contextmanager
def postgresql_server(*, durable: bool = False) -> Iterator[sa.URL]:
    """The address of a PostgreSQL server's database `postgres`; it never runs as root."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    install = program("initdb", *folders)
    server = program("postgres", *folders)
    user = unprivileged_user()
    with _folder("camcops-postgresql-", owner=user) as folder:
        data = folder / "data"
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"]
        run_to_end([install, *options, f"--pgdata={data}"], folder, user=user)
        hasty = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
        command = [
            *[server, "-D", str(data), "-k", str(folder), "-c", "listen_addresses="],
            *([] if durable else hasty),
        ]
        url = sa.make_url("postgresql+psycopg://postgres@/postgres")
        address = url.update_query_dict({"host": str(folder)})
        with _running(command, address, folder, user=user) as ready:
            yield ready


def _memory() -> int:
    """Of the machine, in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def program(name: str, *folders: Path | str) -> str:
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
    found = shutil.which(name, path=path)
    if found is None:
        raise ServerMissingError(f"{name} is not installed")
    return found


def unprivileged_user() -> str | None:
    """Whom to run as instead of root; None if we aren't root."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextmanager
def _folder(prefix: str, owner: str | None = None) -> Iterator[Path]:
    """A short path, as sockets need, that the server's user may enter."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    try:
        if owner is not None:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_to_end(command: list[str], folder: Path, user: str | None = None) -> None:
    done = subprocess.run(
        command, cwd=folder, user=user, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")


@contextmanager
def _running(
    command: list[str], url: sa.URL, folder: Path, user: str | None = None
) -> Iterator[sa.URL]:
    """A server that dies with us, however we end."""
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig=KILL", *command]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, user=user, stdout=output, stderr=output)
    try:
        await_server(process, url, folder, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_server(process: subprocess.Popen[bytes], url: sa.URL, folder: Path, log: Path) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    give_up_at = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            if any(folder.glob("*socket")) or any(folder.glob(".s.PGSQL.*")):
                with engine.connect():
                    return
        except sa.exc.OperationalError:
            pass  # not ready yet
        time.sleep(0.05)
    raise RuntimeError(f"{url.get_backend_name()} did not start: {log.read_text()[-2000:]}")
