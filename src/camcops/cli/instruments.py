# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands about instruments: check definitions, list and show them, score answers."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camcops.cli.shell import CONTEXT, ServerCommand
from camcops.problems import (
    INSTRUMENT_DIRECTORY_MISSING,
    INSTRUMENT_UNKNOWN,
    INSTRUMENTS_FAULTY,
    SCORE_INPUT_INVALID,
    Problem,
)

if TYPE_CHECKING:
    from camcops.instruments.library import Library
    from camcops.instruments.model import Instrument

_DIRECTORY = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_directories = click.option(
    "--directory", "directories", type=_DIRECTORY, multiple=True, help="A site's own instruments."
)


@click.group(context_settings=CONTEXT)
def instruments() -> None:
    """Check definitions of instruments, list and show them, and score answers."""


@instruments.command(cls=ServerCommand)
@click.argument("directories", nargs=-1, type=_DIRECTORY, metavar="[DIR…]")
def check(directories: tuple[Path, ...]) -> None:
    """Check every definition, or those in DIR… (a directory of instruments, or one's own folder).

    Looks at structure, names, types, wording, files, and golden cases; names each fault with its file and
    line.
    """
    from camcops.instruments.checking import check_instruments, tables_in
    from camcops.instruments.library import load_library, open_library

    for directory in directories:
        if not directory.is_dir():
            raise Problem(INSTRUMENT_DIRECTORY_MISSING, path=directory)
    library = open_library(directories) if directories else load_library()
    tables = tables_in(library, directories) if directories else list(library)
    if directories and not tables:
        raise Problem(INSTRUMENT_DIRECTORY_MISSING, path=f"with instruments in {directories[0]}")
    unfinished = faulty = cases = faults = 0
    for checked in check_instruments(library, tables):
        for fault in checked.faults:
            click.echo(fault)
        faulty += bool(checked.faults)
        faults += len(checked.faults)
        unfinished += not checked.finished
        cases += checked.cases
    if not directories:
        library.client_tables()
    click.echo(
        f"{len(tables)} instruments, {unfinished} of them with their structure only; "
        f"{cases} golden cases; {faults} faults."
    )
    if faulty:
        raise Problem(INSTRUMENTS_FAULTY, count=faulty)


@instruments.command("list", cls=ServerCommand)
@_directories
def list_instruments(directories: tuple[Path, ...]) -> None:
    """List all instruments: table, short name, state, title."""
    from camcops.instruments.library import load_library

    library = load_library(directories)
    width = max(map(len, library))
    for instrument in library.values():
        state = "complete " if instrument.finished else "structure"
        click.echo(
            f"{instrument.table:{width}}  {state}  {instrument.title} ({instrument.short_name})"
        )


@instruments.command(cls=ServerCommand)
@click.argument("table")
@_directories
def show(table: str, directories: tuple[Path, ...]) -> None:
    """Print the codebook of the instrument TABLE: fields, permitted answers, scores and their rules."""
    from camcops.instruments.codebook import codebook
    from camcops.instruments.library import load_library

    library = load_library(directories)
    for line in codebook(_instrument(library, table), library.strings):
        click.echo(line)


@instruments.command(cls=ServerCommand)
@click.option("--tokens", is_flag=True, help="Write texts as names of strings, not in words.")
@click.option(
    "--strings", "string_files", type=_FILE, multiple=True, help="A site's XML file of strings."
)
@_directories
def score(tokens: bool, string_files: tuple[Path, ...], directories: tuple[Path, ...]) -> None:
    """Score answers: a JSON object a line from the standard input, one a line to the output.

    In: {"table", "fields", "ancillary", "patient", "generic"}. Out, in the same order: {"table",
    "is_complete", "valid", "scores", "trackers", "snomed", "clinical_text"}. Needs no configuration.
    """
    from camcops.instruments.library import load_library

    library = load_library(directories, string_files)
    for scored in _scored(sys.stdin, library, tokens):
        sys.stdout.write(json.dumps(scored, ensure_ascii=False) + "\n")


def _scored(lines: Iterable[str], library: "Library", tokens: bool) -> Iterator[dict[str, Any]]:
    from camcops.instruments.vectors import CaseError, case_from, score_case

    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Problem(SCORE_INPUT_INVALID, line=number, reason=f"not JSON ({error})") from None
        if not isinstance(content, dict) or not isinstance(content.get("table"), str):
            reason = 'it must be an object with the name of a "table"'
            raise Problem(SCORE_INPUT_INVALID, line=number, reason=reason)
        if content["table"] not in library:
            reason = f"there is no instrument {content['table']!r}"
            raise Problem(SCORE_INPUT_INVALID, line=number, reason=reason)
        try:
            case = case_from(content)
        except CaseError as error:
            raise Problem(SCORE_INPUT_INVALID, line=number, reason=error) from None
        yield score_case(library[content["table"]], case, library.strings, tokens=tokens)


def _instrument(library: "Library", table: str) -> "Instrument":
    if table not in library:
        raise Problem(INSTRUMENT_UNKNOWN, table=table)
    return library[table]


if __name__ == "__main__":
    from camcops.cli.shell import run

    sys.exit(run(instruments))
