# SPDX-License-Identifier: GPL-3.0-or-later
"""What an instrument is: its fields, tables and facts, read at once; its definition, compiled when used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from camcops.instruments.definition import Definition, Score
    from camcops.instruments.pages import Page

Answer = int | float | bool | str | None


class FieldType(StrEnum):
    """How an answer is stored; the values are the words of the definition."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    BIT = "bit"
    TEXT = "text"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    BLOB = "blob"


@dataclass(frozen=True, slots=True)
class Field:
    """A stored answer: one column. `values`, `minimum` and `maximum` say what `valid` permits."""

    name: str
    type: FieldType
    minimum: float | None = None
    maximum: float | None = None
    values: frozenset[int | float | str] | None = None
    length: int | None = None
    default: Any = None
    derive: Any = None
    label: Any = None
    about: str | None = None
    unit: str | None = None
    identifying: bool = False
    hidden: bool = False
    line: int = field(default=0, compare=False)

    def permits(self, value: object) -> bool:
        """Is a coerced, present value one that may be stored here?"""
        if self.type in (FieldType.BOOLEAN, FieldType.BIT) and value not in (0, 1):
            return False
        if self.values is not None and value not in self.values:
            return False
        if isinstance(value, int | float):
            low, high = self.minimum, self.maximum
            return (low is None or value >= low) and (high is None or value <= high)
        return True

    @property
    def is_limited(self) -> bool:
        """Can a well-formed value be refused?"""
        return (
            self.type in (FieldType.BOOLEAN, FieldType.BIT)
            or self.values is not None
            or self.minimum is not None
            or self.maximum is not None
        )


@dataclass(frozen=True, slots=True)
class Start:
    """The rows with which a new record's child table begins."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Answer, ...], ...]


@dataclass(frozen=True, slots=True)
class ChildTable:
    """Rows that belong to a task. `link` (to the task's id) and `order` are not in `fields`."""

    name: str
    link: str
    order: str
    fields: Mapping[str, Field]
    define: Mapping[str, Any] = field(default_factory=dict)
    start: Start | None = None


CLINICIAN_FIELDS = MappingProxyType(
    {
        f"clinician_{name}": Field(
            f"clinician_{name}", FieldType.TEXT, about=f"clinician's {about}"
        )
        for name, about in (
            ("specialty", "specialty"),
            ("name", "name"),
            ("professional_registration", "professional registration"),
            ("post", "post"),
            ("service", "service"),
            ("contact_details", "contact details"),
        )
    }
)
RESPONDENT_FIELDS = MappingProxyType(
    {
        f"respondent_{name}": Field(
            f"respondent_{name}", FieldType.TEXT, about=f"respondent's {about}", identifying=True
        )
        for name, about in (("name", "name"), ("relationship", "relationship to the patient"))
    }
)


@dataclass(frozen=True, eq=False, repr=False)
class Instrument:
    """One instrument. Its structure is at hand; asking for more compiles its definition, once.

    `raw` is the file as read, with `based_on` resolved; `path` is its place.
    """

    table: str
    short_name: str
    title: str
    description: str | None
    version: int
    subject: str
    people: tuple[str, ...]
    audience: str
    menus: tuple[str, ...]
    sets: tuple[str, ...]
    use: Mapping[str, bool]
    wording: str
    rights: str
    source: str | None
    string_set: str
    info: str
    since_client: str
    editable: bool
    landscape: bool
    summaries: bool
    skeleton: bool
    fields: Mapping[str, Field]
    tables: Mapping[str, ChildTable]
    groups: Mapping[str, tuple[str, ...]]
    procedure: tuple[str, ...]
    procedure_tables: Mapping[str, Mapping[str, FieldType]]
    changes: Mapping[int, str]
    raw: Mapping[str, Any]
    path: Path
    compile_definition: "Callable[[Instrument], Definition]"

    @property
    def finished(self) -> bool:
        """False while only the structure exists: answers can be stored and shown, but not scored."""
        return "complete" in self.raw

    def __repr__(self) -> str:
        return f"Instrument({self.table!r})"

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def is_anonymous(self) -> bool:
        return self.subject == "anonymous"

    @property
    def has_clinician(self) -> bool:
        return "clinician" in self.people

    @property
    def has_respondent(self) -> bool:
        return "respondent" in self.people

    @cached_property
    def all_fields(self) -> Mapping[str, Field]:
        """Own fields, then the standard columns of clinician and respondent."""
        standard: dict[str, Field] = {}
        if self.has_clinician:
            standard.update(CLINICIAN_FIELDS)
        if self.has_respondent:
            standard.update(RESPONDENT_FIELDS)
        return MappingProxyType({**self.fields, **standard})

    @cached_property
    def definition(self) -> "Definition":
        """Everything that holds expressions; a `Problem` lists all errors of the file."""
        return self.compile_definition(self)

    @property
    def scores(self) -> Mapping[str, "Score"]:
        return self.definition.scores

    @property
    def pages(self) -> tuple["Page", ...]:
        return self.definition.pages

    @cached_property
    def rules_hash(self) -> str:
        """SHA-256 (hex) of what decides scores: a stored score with another hash is out of date."""
        from camcops.instruments.hashes import rules_hash

        return rules_hash(self)
