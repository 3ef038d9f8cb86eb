# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the manual page of each program from the help that the program itself shows.

    python packaging/man_pages.py FOLDER [DATE]

needs the program's own packages, and `camcops` to be importable. Pages are made when the package is
built, so they can't differ from the help.
"""

import inspect
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from camcops import __version__

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"

CONFIGURATION = r""".SH ENVIRONMENT
.TP
.B CAMCOPS_CONFIG_FILE
The configuration file, for commands that take
.B \-\-config
but do not require it.
.SH FILES
.TP
.I /etc/camcops/camcops.conf
The usual place of the configuration file, which only the web server\(aqs user may read.
"""

STATUS = r""".SH EXIT STATUS
0 if all was done, 1 if not, 2 if the program was called wrongly. Only what a command makes goes to
standard output; messages go to standard error.
"""


def programs() -> dict[str, click.Command]:
    """Each program of the package by its name, with the command behind it."""
    scripts: dict[str, str] = tomllib.loads(PYPROJECT.read_text())["project"]["scripts"]
    return {name: _command_in(entry.partition(":")[0]) for name, entry in scripts.items()}


def _command_in(module: str) -> click.Command:
    found = [
        value
        for value in vars(import_module(module)).values()
        if isinstance(value, click.Command)
        and getattr(value.callback, "__module__", None) == module
    ]
    if len(found) != 1:
        raise SystemExit(f"{module} defines {len(found)} commands; a program has one.")
    return found[0]


def page(name: str, command: click.Command, others: list[str], date: str) -> str:
    """The manual page of one program, as roff."""
    context = click.Context(command, info_name=name, **command.context_settings)
    summary = command.get_short_help_str(limit=100).rstrip(".")
    lines = [
        f'.TH {escaped(name.upper())} 1 "{date}" "CamCOPS {__version__}" "CamCOPS"',
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(summary)}",
        ".SH SYNOPSIS",
        *_usage(context),
        ".SH DESCRIPTION",
        *_prose(command.help),
        ".SH OPTIONS",
        *_options(context),
    ]
    if isinstance(command, click.Group):
        lines += [".SH COMMANDS", *_commands(context, command), CONFIGURATION.rstrip()]
    if command.epilog:
        lines += [".SH EXAMPLES", *_prose(command.epilog)]
    lines += [STATUS.rstrip(), ".SH SEE ALSO"]
    lines += [", ".join(f"\\fB{escaped(other)}\\fR(1)" for other in others) + "."] if others else []
    lines += ["The administrator\\(aqs guide: /usr/share/doc/camcops\\-server/html/index.html"]
    return "\n".join(lines) + "\n"


def _commands(parent: click.Context, group: click.Group) -> Iterator[str]:
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        if command is None:
            continue
        context = click.Context(command, info_name=name, parent=parent, **command.context_settings)
        yield f'.SS "{escaped(context.command_path.partition(" ")[2])}"'
        yield from _usage(context)
        yield from _prose(command.help)
        yield from _options(context)
        if command.epilog:
            yield from _prose(command.epilog)
        if isinstance(command, click.Group):
            yield from _commands(context, command)


def _usage(context: click.Context) -> Iterator[str]:
    yield f".B {escaped(context.command_path)}"
    pieces = " ".join(context.command.collect_usage_pieces(context))
    if pieces:
        yield escaped(pieces)


def _options(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record and record[1]:
            yield from (".TP", f".B {escaped(record[0])}", escaped(" ".join(record[1].split())))


def _prose(text: str | None) -> Iterator[str]:
    """Paragraphs are filled; one that begins with Click's mark \\b keeps its lines."""
    for paragraph in inspect.cleandoc(text or "").partition("\f")[0].split("\n\n"):
        lines = paragraph.strip("\n").splitlines()
        if not lines:
            continue
        yield ".PP"
        if lines[0].strip() == "\b":
            yield from (".nf", *map(escaped, lines[1:]), ".fi")
        else:
            yield from map(escaped, (line.strip() for line in lines))


def escaped(text: str) -> str:
    """Text that roff prints as it stands."""
    for character, written in (("\\", "\\e"), ("-", "\\-"), ("'", "\\(aq"), ("~", "\\(ti")):
        text = text.replace(character, written)
    for character, written in (("^", "\\(ha"), ("`", "\\(ga"), ('"', "\\(dq")):
        text = text.replace(character, written)
    return f"\\&{text}" if text.startswith(".") else text


def main() -> None:
    folder = Path(sys.argv[1])
    date = sys.argv[2] if len(sys.argv) > 2 else ""
    folder.mkdir(parents=True, exist_ok=True)
    known = programs()
    for name, command in known.items():
        others = [other for other in known if other != name]
        (folder / f"{name}.1").write_text(page(name, command, others, date))


if __name__ == "__main__":
    main()
