# SPDX-License-Identifier: GPL-3.0-or-later
"""The library: every instrument there is, built in or a site's own, and its strings.

Structures are read when first asked for, definitions when first used; both are kept.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from camcops.instruments.faults import Fault, Faults
from camcops.instruments.model import ChildTable, Field, Instrument
from camcops.instruments.string_xml import SiteString, read_string_file
from camcops.instruments.strings import Strings
from camcops.instruments.structure import DEFINITION_FILE, read_raw, read_structure
from camcops.instruments.yaml_reader import YamlMap, read_yaml
from camcops.problems import INSTRUMENT_DIRECTORY_MISSING, INSTRUMENT_INVALID, Problem

if TYPE_CHECKING:
    from camcops.instruments.definition import Definition

BUILT_IN = Path(__file__).parent
COMMON = BUILT_IN / "common"
_STRING_SET = re.compile(r"^strings:[ \t]*(\w+)", re.MULTILINE)

ClientTables = Mapping[str, tuple[Instrument, ChildTable | None]]


class Library(Mapping[str, Instrument]):
    """Instruments by table name, in alphabetical order; `strings` are theirs and the program's."""

    def __init__(
        self,
        folders: Mapping[str, Path],
        site_strings: Iterable[SiteString] = (),
        site_tables: frozenset[str] = frozenset(),
    ) -> None:
        self._folders = dict(sorted(folders.items()))
        self.site_tables = site_tables
        self._instruments: dict[str, Instrument] = {}
        self._raw: dict[str, YamlMap | None] = {}
        self.strings = Strings(_LibraryWording(self), site_strings)

    def __getitem__(self, table: str) -> Instrument:
        known = self._instruments.get(table)
        if known is None:
            if table not in self._folders:
                raise KeyError(table)
            faults = Faults()
            known = self.read(table, faults)
            faults.raise_any(table)
            if known is None:
                raise Problem(INSTRUMENT_INVALID, name=table, faults="it cannot be read")
            self._instruments[table] = known
        return known

    def __iter__(self) -> Iterator[str]:
        return iter(self._folders)

    def __len__(self) -> int:
        return len(self._folders)

    def __contains__(self, table: object) -> bool:
        return table in self._folders

    def folder(self, table: str) -> Path:
        return self._folders[table]

    def read(self, table: str, faults: Faults) -> Instrument | None:
        """Read one structure afresh; what is wrong is added to `faults`."""
        path = self._folders[table] / DEFINITION_FILE
        raw = read_raw(path, faults, self._raw_of)
        if raw is None:
            return None
        return read_structure(raw, path, faults, self._compile)

    def client_tables(self) -> ClientTables:
        """Every table that tablets fill: tasks' own (no child) and their child tables."""
        return self._client_tables

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of all definition files: the same as long as no table can have changed."""
        digest = hashlib.sha256()
        for table, folder in self._folders.items():
            digest.update(f"{table}\0".encode())
            digest.update((folder / DEFINITION_FILE).read_bytes())
        return digest.hexdigest()

    @cached_property
    def _client_tables(self) -> ClientTables:
        tables: dict[str, tuple[Instrument, ChildTable | None]] = {}
        faults = Faults()
        for instrument in self.values():
            for name, child in ((instrument.table, None), *instrument.tables.items()):
                if name in tables:
                    says = f"the table {name} belongs to {tables[name][0].table} already"
                    faults.add(Fault(instrument.path, 0, says))
                tables[name] = (instrument, child)
        faults.raise_any("of the library")
        return MappingProxyType(tables)

    @cached_property
    def shared_choices(self) -> Mapping[str, Any]:
        """The sets of choices that any instrument may name, as `set/name`, as YAML gave them."""
        faults = Faults()
        path = COMMON / "choices.yaml"
        found = read_yaml(path, faults) if path.is_file() else None
        faults.raise_any("of the shared choices")
        return MappingProxyType(found or {})

    @cached_property
    def string_sets(self) -> Mapping[str, tuple[Path, ...]]:
        """The folders that hold each string set, without reading any definition whole."""
        sets: dict[str, tuple[Path, ...]] = {}
        for folder in sorted(COMMON.iterdir()) if COMMON.is_dir() else []:
            if folder.is_dir():
                sets[folder.name] = (folder,)
        for table, folder in self._folders.items():
            named = _STRING_SET.search((folder / DEFINITION_FILE).read_text("utf-8"))
            name = named[1] if named else table
            sets[name] = (*sets.get(name, ()), folder)
        return MappingProxyType(sets)

    def users_of_set(self, set_name: str) -> list[Instrument]:
        """The instruments whose own strings are of this set."""
        folders = self.string_sets.get(set_name, ())
        return [self[f.name] for f in folders if self._folders.get(f.name) == f]

    def _raw_of(self, table: str) -> YamlMap | None:
        if table not in self._raw:
            self._raw[table] = None  # a definition based on itself finds nothing
            if table in self._folders:
                path = self._folders[table] / DEFINITION_FILE
                self._raw[table] = read_raw(path, Faults(), self._raw_of)
        return self._raw[table]

    def _compile(self, instrument: Instrument) -> "Definition":
        from camcops.instruments.loader import compile_definition

        return compile_definition(instrument, self)


class _LibraryWording:
    """Tells `Strings` where the library's wording lies."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._topics: dict[str, Mapping[str, str]] = {}

    def sets(self) -> Iterable[str]:
        return self._library.string_sets

    def folders(self, set_name: str) -> Sequence[Path]:
        return self._library.string_sets.get(set_name, ())

    def is_skeleton(self, set_name: str) -> bool:
        return any(instrument.skeleton for instrument in self._library.users_of_set(set_name))

    def topics(self, set_name: str) -> Mapping[str, str]:
        known = self._topics.get(set_name)
        if known is None:
            known = self._topics[set_name] = self._read_topics(set_name)
        return known

    def _read_topics(self, set_name: str) -> Mapping[str, str]:
        topics: dict[str, str] = {}
        for instrument in self._library.users_of_set(set_name):
            children = [child.fields for child in instrument.tables.values()]
            own: list[Mapping[str, Field]] = [instrument.all_fields, *children]
            for fields in own:
                topics.update({name: f.about for name, f in fields.items() if f.about})
            names = ("_short_name", instrument.short_name), ("_title", instrument.title)
            topics.update(names)
            if instrument.description:
                topics["_description"] = instrument.description
        return topics


def _find_folders(directory: Path) -> dict[str, Path]:
    if (directory / DEFINITION_FILE).is_file():
        return {directory.resolve().name: directory}
    return {path.parent.name: path.parent for path in directory.glob(f"*/{DEFINITION_FILE}")}


def open_library(extra_dirs: Sequence[Path] = (), string_files: Sequence[Path] = ()) -> Library:
    """As `load_library`, but nothing of a site's definitions is looked at yet, save that none is twice.

    A directory may also be one instrument's own folder.
    """
    folders = _find_folders(BUILT_IN)
    site: dict[str, Path] = {}
    faults = Faults()
    for directory in extra_dirs:
        if not directory.is_dir():
            raise Problem(INSTRUMENT_DIRECTORY_MISSING, path=directory)
        for table, folder in _find_folders(directory).items():
            known = folders.get(table) or site.get(table)
            if known is not None and known.resolve() != folder.resolve():
                says = f"the table {table} is defined already, in {known}"
                faults.add(Fault(folder / DEFINITION_FILE, 0, says))
            if table not in folders:
                site[table] = folder
    faults.raise_any("of a site's directory")
    strings = [string for path in string_files for string in read_string_file(path)]
    return Library({**site, **folders}, strings, frozenset(site))


def load_library(extra_dirs: Sequence[Path] = (), string_files: Sequence[Path] = ()) -> Library:
    """The built-in instruments, a site's own from `extra_dirs`, and a site's XML strings.

    A site's definitions are checked whole at once; a `Problem` lists what is wrong with them. A site may not
    define a table that is built in.
    """
    library = open_library(extra_dirs, string_files)
    for table in sorted(library.site_tables):
        library[table].definition.check()
    return library
