# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that leads to the documentation."""

import os
import sys
import webbrowser
from pathlib import Path

import click

from camcops.cli.shell import ServerCommand
from camcops.problems import DOCUMENTATION_MISSING, Problem

PACKAGED = Path("/usr/share/doc/camcops-server/html/index.html")
CHECKOUT = Path(__file__).parents[3] / "docs"
PLACES = (PACKAGED, CHECKOUT / "_build" / "html" / "index.html", CHECKOUT / "index.md")


@click.command(cls=ServerCommand)
def docs() -> None:
    """Open the documentation, and print where it is.

    It is the copy that was installed with the program: no network is used. Without a desktop it is only
    printed.
    """
    place = next((place for place in PLACES if place.is_file()), None)
    if place is None:
        raise Problem(DOCUMENTATION_MISSING)
    click.echo(place)
    if _has_desktop():
        webbrowser.open(place.as_uri())


def _has_desktop() -> bool:
    """A browser without one would take over the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
