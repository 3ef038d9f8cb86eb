# SPDX-License-Identifier: GPL-3.0-or-later
"""Small definitions for tests, laid out as a site lays out its own."""

from pathlib import Path

from camcops.instruments.library import Library, open_library
from camcops.instruments.model import Instrument

HEAD = """\
table: {table}
short_name: T
title: Test
wording: included
rights: none
"""


def site_library(folder: Path, table: str, body: str, strings: str = "q1: One\n") -> Library:
    """A library with one more instrument, whose definition is the usual head and `body`."""
    own = folder / table
    own.mkdir(parents=True)
    (own / "instrument.yaml").write_text(HEAD.format(table=table) + body, "utf-8")
    (own / "en.yaml").write_text(strings, "utf-8")
    return open_library([folder])


def instrument_of(folder: Path, body: str, strings: str = "q1: One\n") -> Instrument:
    """The instrument `mine` with this body."""
    return site_library(folder, "mine", body, strings)["mine"]


def faults_of(folder: Path, body: str, strings: str = "q1: One\n") -> list[str]:
    """What is wrong with that instrument: `line: what` for each fault."""
    from camcops.instruments.checking import check_instruments

    library = site_library(folder, "mine", body, strings)
    (checked,) = check_instruments(library, ["mine"])
    return [f"{fault.line}: {fault.says}" for fault in checked.faults]
