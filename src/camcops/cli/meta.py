# SPDX-License-Identifier: GPL-3.0-or-later
"""The program `camcops_server_meta`: one command of `camcops_server` over several configuration files."""

import glob
import os
import sys
from collections.abc import Sequence

import click

from camcops import __version__, problems
from camcops.cli.shell import ServerCommand, run, start_log
from camcops.operation.child import run_child
from camcops.problems import Problem

PROGRAM = "camcops_server_meta"
SEVERAL = ("--filespecs", "--ccargs")
"""Options that take all words up to the next option."""


class MetaCommand(ServerCommand):
    """A command some of whose options take several values after one flag."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, each_with_its_flag(args))


def each_with_its_flag(args: Sequence[str]) -> list[str]:
    """`--filespecs A B` as `--filespecs A --filespecs B`."""
    spread: list[str] = []
    flag, values = "", 0
    for arg in args:
        if arg.startswith("-"):
            flag, values = (arg, 0) if arg in SEVERAL else ("", 0)
        elif flag:
            values += 1
            if values > 1:
                spread.append(flag)
        spread.append(arg)
    return spread


@click.command(cls=MetaCommand)
@click.version_option(__version__, message="CamCOPS %(version)s")
@click.argument("command")
@click.option(
    "--filespecs",
    metavar="FILE [FILE …]",
    multiple=True,
    required=True,
    help="Configuration files, or patterns of them in quotation marks.",
)
@click.option(
    "--ccargs",
    metavar="ARG [ARG …]",
    multiple=True,
    help="Options of the command, without the hyphens: show_sql_only, name=value.",
)
@click.option("--python", metavar="EXE", help="The Python that runs camcops_server.")
@click.option(
    "--camcops", metavar="SCRIPT", help="The camcops_server to run; otherwise this one's."
)
@click.option("-d", "--dummyrun", is_flag=True, help="Only show the files.")
@click.option("--stop_on_error", is_flag=True, help="Stop at the first file that fails.")
@click.pass_context
def meta(
    ctx: click.Context,
    command: str,
    filespecs: tuple[str, ...],
    ccargs: tuple[str, ...],
    python: str | None,
    camcops: str | None,
    dummyrun: bool,
    stop_on_error: bool,
) -> None:
    """Run COMMAND of camcops_server for several configuration files, one after another.

    COMMAND stands first. Each file gets a process of its own; what fails does not keep the others from
    being done. Exit status 1 if any failed.

    \b
    camcops_server_meta upgrade_db --filespecs '/etc/camcops/*.conf'
    """
    files = matching(filespecs)
    if dummyrun:
        for file in files:
            click.echo(file)
        return
    if not files:
        return
    verbose = ["--verbose"] if ctx.ensure_object(dict).get("verbose") else []
    options = [*verbose, *(f"--{arg}" for arg in ccargs)]
    failures = {}
    for done, file in enumerate(files, 1):
        click.echo(f"{PROGRAM}: {done} of {len(files)}: {command} for {file}", err=True)
        what = _outcome([*_server(python, camcops), command, "--config", file, *options])
        if what is not None:
            failures[file] = what
            if stop_on_error:
                break
    for file, what in failures.items():
        click.echo(f"{PROGRAM}: failed: {file}: {what}", err=True)
    click.echo(f"{PROGRAM}: {done - len(failures)} of {len(files)} done.", err=True)
    if failures:
        raise Problem(problems.META_FAILED, count=len(failures), undone=len(files) - done)


def matching(patterns: Sequence[str]) -> list[str]:
    """The files that the patterns name, each once, in the patterns' order; says which name none."""
    found: dict[str, None] = {}
    for pattern in patterns:
        names = sorted(glob.glob(os.path.expanduser(pattern)))
        if not names:
            click.echo(f"{PROGRAM}: no file is called {pattern}", err=True)
        found.update(dict.fromkeys(names))
    return list(found)


def _server(python: str | None, script: str | None) -> list[str]:
    if script is None:
        return [python or sys.executable, "-m", "camcops"]
    if python is None and os.access(script, os.X_OK):
        return [script]
    return [python or sys.executable, script]


def _outcome(words: Sequence[str]) -> str | None:
    """Run it with our terminal; what went wrong, if anything did."""
    try:
        status, _ = run_child(words)
    except OSError as error:
        return f"{words[0]} can't be run: {error.strerror}"
    if status < 0:
        return f"ended by signal {-status}"
    return f"exit status {status}" if status else None


def main() -> None:
    """Entry point of the console script."""
    start_log()
    sys.exit(run(meta, program=PROGRAM))


if __name__ == "__main__":
    main()
