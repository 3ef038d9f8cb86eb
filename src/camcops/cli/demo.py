# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that shows the program to a newcomer."""

import contextlib
import tempfile
from pathlib import Path

import click

from camcops.cli.shell import ServerCommand


@click.command(cls=ServerCommand)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep database, configuration and log in this folder. Otherwise they are temporary.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="TCP port; if it is in use, the next free one.",
)
def demo(directory: Path | None, port: int) -> int:
    """Try it out: a server with invented patients.

    Makes an embedded database with two groups and users of each role, uploads a year of 25 invented
    patients' tasks the way a tablet does, and serves them on this machine only. Ctrl-C ends it.
    """
    from camcops.demonstration.show import first_free_port, show

    with contextlib.ExitStack() as stack:
        folder = directory or Path(stack.enter_context(tempfile.TemporaryDirectory("-camcops")))
        folder.mkdir(parents=True, exist_ok=True)
        return show(folder.absolute(), first_free_port(port), click.echo)
