# SPDX-License-Identifier: GPL-3.0-or-later
"""Dumping a MariaDB or MySQL database to a file with the database's own program.

The password travels in a file that only we can read: a list of processes shows it to nobody. The dump
appears under its name when it is whole and on the disk, and only its owner may read it.
"""

import datetime as dt
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from camcops import problems
from camcops.db.keeping.whole_file import whole_file
from camcops.operation.child import run_child
from camcops.problems import Problem

DEFAULT_PROGRAM: Final = "mysqldump"
NEWER_PROGRAM: Final = "mariadb-dump"
"""What MariaDB calls it where the old name is gone."""

MYSQL_PORT: Final = 3306
TLS_OPTIONS: Final = ("ssl_ca", "ssl_cert", "ssl_key")
LAST_LINE: Final = b"-- Dump completed"
TAIL_BYTES: Final = 4096
SAID_MOST: Final = 2000
WITH_DROP: Final = "_with_drop_create_database"


@dataclass(frozen=True, slots=True)
class Login:
    """How to reach a server; what is None is left to the database's own option files."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    socket: str | None = None
    tls: Mapping[str, str] = field(default_factory=dict)
    option_file: Path | None = None


def file_name(database: str, at: dt.datetime, *, with_drop: bool) -> str:
    """The name that the pruning of old dumps goes by."""
    return f"{database}_{at:%Y%m%dT%H%M%S}{WITH_DROP if with_drop else ''}.sql"


def find_program(name: str | None) -> str:
    """The dump program with this name, or by default the one that is installed."""
    wanted = [name] if name else [DEFAULT_PROGRAM, NEWER_PROGRAM]
    for one in wanted:
        if (found := shutil.which(one)) is not None:
            return found
    raise Problem(problems.DUMP_PROGRAM_MISSING, program=" or ".join(wanted))


@contextmanager
def option_file(login: Login) -> Iterator[Path]:
    """A file with the log-in, for the dump program; it is gone afterwards."""
    if login.option_file is not None:
        yield login.option_file
        return
    options = {
        "user": login.username,
        "password": login.password,
        "host": login.host,
        "port": None if login.port is None else str(login.port),
        "socket": login.socket,
        # Clients take “localhost” for a socket, whatever the port.
        "protocol": "tcp" if login.port is not None and login.socket is None else None,
        **login.tls,
    }
    with tempfile.TemporaryDirectory(prefix="camcops-dump-") as folder:
        path = Path(folder) / "options.cnf"
        with open(path, "w", encoding="utf-8", opener=_private) as file:
            file.write("[client]\n")
            for name, value in options.items():
                if value is not None:
                    file.write(f"{name} = {_quoted(name, value)}\n")
        yield path


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _quoted(name: str, value: str) -> str:
    """A value as the option files of MariaDB and MySQL write it."""
    if "\n" in value or "\0" in value:
        raise Problem(problems.DUMP_OPTION_UNUSABLE, name=name)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Manner:
    """How to dump: the program, the longest packet, and whether the dump makes the database anew."""

    program: str
    packet: str
    with_drop: bool
    verbose: bool


def words(manner: Manner, options: Path, database: str) -> list[str]:
    """The command: no secret stands in it."""
    what = ["--add-drop-database", "--databases", database] if manner.with_drop else [database]
    return [
        manner.program,
        f"--defaults-extra-file={options}",
        f"--max_allowed_packet={manner.packet}",
        "--hex-blob",
        "--single-transaction",
        "--quick",
        "--routines",
        "--triggers",
        "--events",
        "--no-tablespaces",
        "--default-character-set=utf8mb4",
        "--comments",
        "--dump-date",
        *(["--verbose"] if manner.verbose else []),
        *what,
    ]


def dump(command: Sequence[str], target: Path) -> int:
    """Run the dump program into a file; its size in bytes. Nothing of the file stays if that fails."""
    try:
        with whole_file(target) as file:
            _run(command, file.fileno())
            if not is_whole(Path(file.name)):
                reason = "the dump lacks its last line, “Dump completed”"
                raise Problem(problems.DUMP_FAILED, reason=reason)
        return target.stat().st_size
    except OSError as error:
        reason = f"{error.filename or target}: {error.strerror}"
        raise Problem(problems.DUMP_FAILED, reason=reason) from None


def _run(command: Sequence[str], output: int) -> None:
    # A log-in in the home folder's own option file would take precedence over ours.
    environment = {**os.environ, "HOME": os.devnull}
    environment.pop("MYSQL_PWD", None)
    status, said = run_child(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, env=environment
    )
    if status == 0:
        return
    text = said.decode(errors="replace").strip()[-SAID_MOST:]
    how = "was ended by signal" if status < 0 else "ended with exit status"
    reason = f"{Path(command[0]).name} {how} {abs(status)}"
    raise Problem(problems.DUMP_FAILED, reason=f"{reason}: {text}" if text else reason)


def is_whole(path: Path) -> bool:
    """Does a dump end as the dump program ends it?"""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().rstrip().splitlines()
    return bool(lines) and lines[-1].startswith(LAST_LINE)


def login_of(url: sa.URL) -> Login:
    """The log-in that the address of a database holds."""
    query = {name: str(value) for name, value in url.query.items()}
    socket = query.get("unix_socket")
    tls = {name.replace("_", "-"): query[name] for name in TLS_OPTIONS if name in query}
    return Login(
        username=url.username,
        password=None if url.password is None else str(url.password),
        host=url.host,
        port=url.port or (MYSQL_PORT if socket is None else None),
        socket=socket,
        tls=tls,
    )
