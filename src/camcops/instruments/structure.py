# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the structure of a definition: fields, tables, groups and facts; no expression is looked at."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from camcops.instruments.faults import Fault, Faults
from camcops.instruments.grammar import STRUCTURE
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.expansion import (
    MOST_MEMBERS,
    Bindings,
    expand,
    expand_key,
    substitute,
)
from camcops.instruments.model import Answer, ChildTable, Field, FieldType, Instrument, Start
from camcops.instruments.shapes import Checker, flag
from camcops.instruments.yaml_reader import YamlList, YamlMap, line_of, read_yaml

DEFINITION_FILE = "instrument.yaml"
_ALL_USES = ("clinical", "commercial", "educational", "research")
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)", re.ASCII)
_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_TABLE_NAME_MOST = 50
"""Characters: PostgreSQL cuts names at 63, and those of indexes are built on the table's."""
_SERVERS_TABLES = frozenset({"patient", "patient_idnum", "blobs"})
_COLUMNS_OF_ALL = frozenset(
    {
        "id",
        "patient_id",
        "when_created",
        "when_firstexit",
        "when_last_modified",
        "firstexit_is_finish",
        "firstexit_is_abort",
        "editing_time_s",
    }
)

Compile = Callable[[Instrument], Any]
Raw = Callable[[str], YamlMap | None]


def located_substitute(value: Any, bindings: Bindings) -> Any:
    """As the language's `substitute`, keeping the lines of maps and lists."""
    if not bindings:
        return value
    if isinstance(value, YamlMap):
        copy = YamlMap(value.line, value.flow)
        for key, inner in value.items():
            new = substitute(key, bindings) if isinstance(key, str) else key
            copy[new] = located_substitute(inner, bindings)
            copy.lines[new] = value.line_of(key)
        return copy
    if isinstance(value, YamlList):
        items = YamlList(value.line, value.flow)
        items.lines = value.lines
        items.extend(located_substitute(item, bindings) for item in value)
        return items
    return substitute(value, bindings)


def expanded_entries(
    entries: Mapping[Any, Any], path: Path, faults: Faults, dealt: tuple[str, ...] = ()
) -> Iterator[tuple[str, Any, int]]:
    """Each (name, entry, line) that the keys of a map stand for.

    A list under one of the `dealt` keys of an entry is dealt out over the names of its key.
    """
    seen: set[str] = set()
    for key, entry in entries.items():
        line = line_of(entries, key)
        if len(seen) > MOST_MEMBERS:
            faults.add(Fault(path, line, f"the map stands for more than {MOST_MEMBERS} names"))
            return
        try:
            names = expand_key(key) if isinstance(key, str) else [(str(key), {})]
        except LanguageError as error:
            faults.add(Fault(path, line, error.message, error.source))
            continue
        for index, (name, bindings) in enumerate(names):
            if name in seen:
                faults.add(Fault(path, line, f"{name} is defined twice"))
            seen.add(name)
            value = located_substitute(entry, bindings)
            if dealt and isinstance(value, dict):
                value = _deal(value, dealt, index, len(names), path, line, faults)
            yield name, value, line


def _deal(
    entry: Any, keys: tuple[str, ...], index: int, count: int, path: Path, line: int, faults: Faults
) -> Any:
    lists = [key for key in keys if isinstance(entry.get(key), list)]
    if not lists:
        return entry
    copy = YamlMap(line_of(entry, "", line), False)
    copy.update(entry)
    copy.lines = dict(getattr(entry, "lines", {}))
    for key in lists:
        if len(entry[key]) != count:
            says = f"{key} lists {len(entry[key])} items for {count} names"
            faults.add(Fault(path, line_of(entry, key, line), says))
        copy[key] = entry[key][index] if index < len(entry[key]) else ""
    return copy


def read_raw(path: Path, faults: Faults, raw_of: Raw) -> YamlMap | None:
    """The map of a definition file; `based_on` is resolved through `raw_of` (table → its map)."""
    raw = read_yaml(path, faults)
    if raw is None or "based_on" not in raw:
        return raw
    parent = raw_of(str(raw["based_on"]))
    if parent is None:
        says = f"is based on {raw['based_on']}, which is not there"
        faults.add(Fault(path, raw.line_of("based_on"), says))
        return raw
    merged = YamlMap(raw.line, False)
    merged.update({**parent, **raw})
    merged.lines = {**parent.lines, **raw.lines}
    return merged


def read_structure(
    raw: YamlMap, path: Path, faults: Faults, compile_definition: Compile
) -> Instrument | None:
    """The instrument; None if its structure has faults, which are added to `faults`."""
    before = len(faults)
    structural = YamlMap(raw.line, False)
    structural.update({key: value for key, value in raw.items() if key in STRUCTURE.keys})
    structural.lines = raw.lines
    Checker(path, faults).map(STRUCTURE, structural, 1, "the definition")
    if len(faults) > before:
        return None
    reader = _StructureReader(structural, path, faults)
    instrument = reader.instrument(raw, compile_definition)
    return instrument if len(faults) == before else None


class _StructureReader:
    def __init__(self, raw: YamlMap, path: Path, faults: Faults) -> None:
        self._raw = raw
        self._path = path
        self._faults = faults

    def _fault(self, line: int, says: str) -> None:
        self._faults.add(Fault(self._path, line, says))

    def instrument(self, raw: YamlMap, compile_definition: Compile) -> Instrument:
        get = self._raw.get
        table = str(get("table"))
        if self._path.parent.name != table:
            says = f"the table is {table}, the folder {self._path.parent.name}: they must agree"
            self._fault(self._raw.line_of("table"), says)
        self._check_table_name(table, self._raw.line_of("table"))
        use = get("use", {})
        return Instrument(
            table=table,
            short_name=str(get("short_name")),
            title=str(get("title")),
            description=_text(get("description")),
            version=int(get("version", 1)),
            subject=get("subject", "patient"),
            people=tuple(get("people", ())),
            audience=get("for", "patient"),
            menus=self._words("menus"),
            sets=self._words("sets"),
            use=MappingProxyType({name: flag(use.get(name, True)) for name in _ALL_USES}),
            wording=str(get("wording")),
            rights=str(get("rights")),
            source=_text(get("source")),
            string_set=str(get("strings", table)),
            info=str(get("info", table)),
            since_client=str(get("since_client", "2.0.0")),
            editable=flag(get("editable", True)),
            landscape=flag(get("landscape", False)),
            summaries=flag(get("summaries", True)),
            skeleton=flag(get("skeleton", False)),
            fields=self.fields(get("fields", {})),
            tables=MappingProxyType(
                {
                    str(name): self._table(str(name), t, line_of(get("tables"), name))
                    for name, t in get("tables", {}).items()
                }
            ),
            groups=self._groups(get("groups", {})),
            procedure=tuple(get("procedure", ())),
            procedure_tables=MappingProxyType(
                {
                    str(name): {str(c): FieldType(kind) for c, kind in columns.items()}
                    for name, columns in get("procedure_tables", {}).items()
                }
            ),
            changes=MappingProxyType({int(v): str(t) for v, t in get("changes", {}).items()}),
            raw=raw,
            path=self._path,
            compile_definition=compile_definition,
        )

    def _check_table_name(self, name: str, line: int) -> None:
        """Small letters, because some databases don't tell them from capitals."""
        if not _TABLE_NAME.fullmatch(name):
            self._fault(line, f"{name!r} is no name for a table (a-z, 0-9, _, a letter first)")
        elif len(name) > _TABLE_NAME_MOST:
            self._fault(line, f"the table's name is longer than {_TABLE_NAME_MOST} characters")
        elif name in _SERVERS_TABLES:
            self._fault(line, f"the table {name} is one of the server's own")

    def _words(self, key: str) -> tuple[str, ...]:
        value = self._raw.get(key, ())
        return (str(value),) if isinstance(value, str) else tuple(str(item) for item in value)

    def _groups(self, groups: Mapping[Any, Any]) -> Mapping[str, tuple[str, ...]]:
        entries = expanded_entries(groups, self._path, self._faults)
        return MappingProxyType({name: self.names(value, line) for name, value, line in entries})

    def names(self, value: Any, line: int) -> tuple[str, ...]:
        """A list of names, or an expansion, written out."""
        names: list[str] = []
        for item in value if isinstance(value, list) else [value]:
            try:
                names.extend(expand(str(item)))
            except LanguageError as error:
                self._faults.add(Fault(self._path, line, error.message, error.source))
        return tuple(names)

    def fields(self, entries: Mapping[Any, Any]) -> Mapping[str, Field]:
        found = expanded_entries(entries, self._path, self._faults, dealt=("about", "label"))
        fields = {name: self._field(name, e, line) for name, e, line in found}
        if len({name.lower() for name in fields}) < len(fields):
            self._fault(line_of(entries, ""), "two fields differ by capitals only")
        return MappingProxyType(fields)

    def _field(self, name: str, entry: Mapping[str, Any], line: int) -> Field:
        kind = FieldType(entry["type"])
        if not name.isidentifier() or not name.isascii():
            self._fault(line, f"{name!r} is no name for a field (letters, digits, _)")
        if name.lower() in _COLUMNS_OF_ALL or name.startswith("_"):
            self._fault(line, f"{name} is a column that every table has")
        if "length" in entry and kind is not FieldType.TEXT:
            self._fault(line, f"{name}: only a text has a length")
        values = entry.get("values")
        return Field(
            name=name,
            type=kind,
            minimum=entry.get("min"),
            maximum=entry.get("max"),
            values=None if values is None else self._values(values, line_of(entry, "values", line)),
            length=entry.get("length"),
            default=entry.get("default"),
            derive=entry.get("derive"),
            label=entry.get("label"),
            about=_text(entry.get("about")) or None,
            unit=_text(entry.get("unit")),
            identifying=flag(entry.get("identifying", kind is FieldType.TEXT)),
            hidden=flag(entry.get("hidden", False)),
            line=line,
        )

    def _values(self, values: Any, line: int) -> frozenset[int | float | str]:
        found: set[int | float | str] = set()
        for item in values if isinstance(values, list) else [values]:
            span = _RANGE.fullmatch(item.strip("{}")) if isinstance(item, str) else None
            if span:
                found.update(range(int(span[1]), int(span[2]) + 1))
            elif isinstance(item, str):
                found.update(self.names(item, line))
            else:
                found.add(item)
        return frozenset(found)

    def _table(self, name: str, entry: Mapping[str, Any], line: int) -> ChildTable:
        self._check_table_name(name, line)
        fields = self.fields(entry["fields"])
        start = entry.get("start")
        return ChildTable(
            name=name,
            link=entry["link"],
            order=entry["order"],
            fields=fields,
            define=entry.get("define", {}),
            start=None if start is None else self._start(start, fields),
        )

    def _start(self, start: Mapping[str, Any], fields: Mapping[str, Field]) -> Start:
        line = line_of(start, "columns")
        columns = self.names(start["columns"], line)
        for column in columns:
            if column not in fields:
                self._fault(line, f"{column} is no field of this table")
        rows: list[tuple[Answer, ...]] = []
        for index, row in enumerate(start["rows"]):
            if len(row) != len(columns):
                here = line_of(start["rows"], index, line)
                self._fault(here, f"a row has {len(row)} values for {len(columns)} columns")
            rows.append(tuple(row))
        return Start(columns, tuple(rows))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
