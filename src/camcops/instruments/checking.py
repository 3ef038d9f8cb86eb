# SPDX-License-Identifier: GPL-3.0-or-later
"""Check instruments whole: structure, names, types, wording, golden cases."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from camcops.instruments.faults import Fault, Faults
from camcops.instruments.inspection import Inspection
from camcops.instruments.library import Library
from camcops.instruments.model import Instrument
from camcops.instruments.structure import DEFINITION_FILE
from camcops.instruments.vectors import VECTORS_FILE, differences, read_vectors


@dataclass(frozen=True)
class Checked:
    """What was found of one instrument; `cases` is how many golden cases it has."""

    table: str
    finished: bool
    cases: int
    faults: tuple[Fault, ...]


def check_instruments(library: Library, tables: Iterable[str]) -> Iterator[Checked]:
    """Check each of these instruments, one after another."""
    owners = _owners(library)
    for table in tables:
        faults = Faults()
        instrument = library.read(table, faults)
        for name in (table, *(instrument.tables if instrument is not None else ())):
            if others := owners.get(name, set()) - {table}:
                says = f"the table {name} belongs to {min(others)} already"
                faults.add(Fault(library.folder(table) / DEFINITION_FILE, 0, says))
        finished = instrument is not None and instrument.finished
        cases = 0
        if instrument is not None:
            instrument.definition.find_faults(faults)
            if finished and not len(faults):
                Inspection(instrument, library, faults).inspect()
                cases = _check_cases(instrument, library, faults)
        yield Checked(table, finished, cases, tuple(faults))


def _owners(library: Library) -> dict[str, set[str]]:
    """Which instruments have a table of a name; those that can't be read have none."""
    owners: dict[str, set[str]] = {}
    for table in library:
        instrument = library.read(table, Faults())
        for name in () if instrument is None else (table, *instrument.tables):
            owners.setdefault(name, set()).add(table)
    return owners


def _check_cases(instrument: Instrument, library: Library, faults: Faults) -> int:
    path = instrument.folder / VECTORS_FILE
    if not path.is_file():
        return 0
    vectors = read_vectors(path)
    for vector in vectors:
        for difference in differences(instrument, vector, library.strings):
            faults.add(Fault(path, 0, f"case {vector.get('n')}: {difference}"))
    return len(vectors)


def tables_in(library: Library, directories: Iterable[Path]) -> list[str]:
    """The instruments that lie in these directories, or in these very folders."""
    wanted = {directory.resolve() for directory in directories}
    return [
        table
        for table in library
        if {library.folder(table).resolve(), library.folder(table).resolve().parent} & wanted
    ]
