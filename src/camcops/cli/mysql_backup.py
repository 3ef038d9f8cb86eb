# SPDX-License-Identifier: GPL-3.0-or-later
"""The program `camcops_backup_mysql_database`: dumps of MariaDB and MySQL databases, one file each."""

import os
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camcops import __version__, problems
from camcops.cli.accounts import given_password, password_options
from camcops.cli.shell import ServerCommand, run, settings_of, start_log
from camcops.problems import Problem

if TYPE_CHECKING:
    from camcops.operation.mysql_dump import Login, Manner

PROGRAM = "camcops_backup_mysql_database"
PASSWORD_VARIABLE = "CAMCOPS_BACKUP_PASSWORD"  # noqa: S105  a name
MIB = 1024 * 1024
READABLE_BY_OTHERS = 0o077
Folder = click.Path(file_okay=False, path_type=Path)
File = click.Path(dir_okay=False, path_type=Path)


@click.command(cls=ServerCommand)
@click.version_option(__version__, message="CamCOPS %(version)s")
@click.argument("databases", metavar="DATABASE …", nargs=-1)
@click.option(
    "--config",
    type=File,
    metavar="FILE",
    help="A configuration of CamCOPS: its DB_URL gives the log-in and, if none is named, the database.",
)
@click.option("--username", metavar="NAME", help="Who logs in.  [default: root]")
@click.option("--password", help="Seen by others of this machine: better one of the next ways.")
@password_options
@click.option(
    "--option_file", type=File, help="An option file of MariaDB or MySQL with the log-in."
)
@click.option("--host", help="The server's name or address.")
@click.option("--port", type=click.IntRange(1, 65535), help="Its TCP port.")
@click.option("--socket", help="Its UNIX socket.")
@click.option("--mysqldump", metavar="EXE", help="The program that dumps.  [default: mysqldump]")
@click.option("--max_allowed_packet", default="1GB", show_default=True, metavar="SIZE")
@click.option(
    "--with_drop_create_database",
    is_flag=True,
    help="Let the file make the database anew, in place of one that is there.",
)
@click.option(
    "--output_dir", type=Folder, default=Path(), show_default="the current folder", help="Where to."
)
def backup_mysql(
    databases: tuple[str, ...],
    config: Path | None,
    mysqldump: str | None,
    max_allowed_packet: str,
    with_drop_create_database: bool,
    output_dir: Path,
    password: str | None,
    password_stdin: bool,
    password_file: Path | None,
    option_file: Path | None,
    **server: str | int | None,
) -> None:
    """Dump each DATABASE to OUTPUT_DIR/DATABASE_YYYYmmddTHHMMSS.sql, while it is in use.

    A dump shows one moment. It appears under its name when it is whole and on the disk, and only its owner
    may read it. A database that can't be dumped doesn't keep the others from being; exit status 1 then.
    The password is asked for, unless an option or the environment variable CAMCOPS_BACKUP_PASSWORD gives it.
    """
    from camcops.operation.mysql_dump import Manner, find_program

    context = click.get_current_context()
    verbose = bool(context.ensure_object(dict).get("verbose"))
    manner = Manner(find_program(mysqldump), max_allowed_packet, with_drop_create_database, verbose)
    _check_option_file(option_file)
    given = given_password(password, password_stdin, password_file, PASSWORD_VARIABLE)
    known, default = (None, None) if config is None else _of_config(config)
    names = databases or ((default,) if default else ())
    if not names:
        raise click.UsageError("Name a database, or a configuration with --config.")
    if any(name.startswith("-") or "/" in name for name in names):
        raise click.UsageError("A database is named by its name.")
    if not output_dir.is_dir():
        raise Problem(problems.FOLDER_MISSING, path=output_dir)
    failed = _dump_all(names, _login(known, given, option_file, server), manner, output_dir)
    if failed:
        raise Problem(problems.DUMPS_FAILED, count=failed, total=len(names))


def _dump_all(names: Sequence[str], login: "Login", manner: "Manner", folder: Path) -> int:
    """Dump one after another, and tell; how many failed."""
    from camcops.operation.mysql_dump import dump, file_name, option_file, words

    failed = 0
    with option_file(login) as options:
        for name in names:
            command = words(manner, options, name)
            if manner.verbose:
                click.echo(shlex.join(command), err=True)
            now = datetime.now().astimezone()
            target = folder / file_name(name, now, with_drop=manner.with_drop)
            try:
                size = dump(command, target)
            except Problem as problem:
                failed += 1
                click.echo(f"{PROGRAM}: {name}: {problem.message}", err=True)
            else:
                click.echo(f"{target}\t{size / MIB:.1f} MiB")
                into = "" if manner.with_drop else f" {name}"
                click.echo(f"To restore: mysql -u USER -p{into} < {target}", err=True)
    return failed


def _check_option_file(path: Path | None) -> None:
    """Like the password in it, the file is to be its owner's alone."""
    if path is None:
        return
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise Problem(problems.OPTION_FILE_UNREADABLE, path=path, reason=error.strerror) from None
    if mode & READABLE_BY_OTHERS:
        raise Problem(problems.OPTION_FILE_OPEN, path=path)
    if not os.access(path, os.R_OK):
        raise Problem(problems.OPTION_FILE_UNREADABLE, path=path, reason="it is another user's")


def _of_config(config: Path) -> tuple["Login", str]:
    """The log-in and the name of the database of a configuration."""
    from camcops.db.engine import parse_url
    from camcops.operation.mysql_dump import login_of

    url = parse_url(settings_of(config).site.db_url)
    if url.get_backend_name() != "mysql":
        raise Problem(problems.DUMP_OTHER_KIND, found=url.get_backend_name())
    return login_of(url), str(url.database)


def _login(
    known: "Login | None",
    password: str | None,
    option_file: Path | None,
    server: dict[str, str | int | None],
) -> "Login":
    """What the options say, else the configuration; of neither, the option file, or the user asked."""
    from camcops.operation.mysql_dump import Login

    given = {name: value for name, value in server.items() if value is not None}
    if option_file is not None:
        if known or given or password is not None:
            raise click.UsageError("An option file gives the whole log-in: leave out the others.")
        return Login(option_file=option_file)
    if known is None:
        known = Login(username="root")
        if password is None:
            password = click.prompt(
                "Password", hide_input=True, default="", show_default=False, err=True
            )
    if password is not None:
        given["password"] = password
    return replace(known, **given)  # type: ignore[arg-type]


def main() -> None:
    """Entry point of the console script."""
    start_log()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(backup_mysql, program=PROGRAM))


if __name__ == "__main__":
    main()
