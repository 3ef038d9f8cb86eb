# SPDX-License-Identifier: GPL-3.0-or-later
"""A compiled definition, in parts, each made when first asked for: rules, outputs, form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from camcops.instruments.choices import ChoiceSet
from camcops.instruments.compiling import Compiling, Expression, FieldRef, Text
from camcops.instruments.faults import Faults
from camcops.instruments.language.definitions import Definitions
from camcops.instruments.language.environment import Labels
from camcops.instruments.language.types import Type
from camcops.instruments.outputs import Fhir, Outputs, Report, ServerReport
from camcops.instruments.pages import Page

if TYPE_CHECKING:
    from camcops.instruments.loader import Loader

T = TypeVar("T")


@dataclass(frozen=True)
class Scale:
    """The bands by which a score grades another value; `graded` is that value's name, if it has one.

    `steps` ascend: (bound, is the bound itself below the step, words).
    """

    value: Expression
    graded: str | None
    steps: tuple[tuple[float, bool, Text], ...]
    below: Text | None


@dataclass(frozen=True)
class Score:
    """A summary column: its type and how it is shown."""

    name: str
    type: Type
    label: Text | None
    out_of: Expression | None
    dp: int | None
    note: Text | None
    about: str | None
    from_procedure: bool = False
    scale: Scale | None = None


@dataclass(frozen=True)
class Rules:
    """What scores a record."""

    definitions: Definitions
    scores: Mapping[str, Score]
    tallies: tuple[str, ...]
    at: Compiling


@dataclass(frozen=True)
class Form:
    """What is shown: pages, documents, resources and reports made of them.

    `asks` has the words for a field in reports: its label, else those with which it is first asked.
    """

    pages: tuple[Page, ...]
    fhir: Fhir
    report: Report
    reports: tuple[ServerReport, ...]
    options: Mapping[FieldRef, ChoiceSet]
    asks: Mapping[FieldRef, Text]
    defaults: Mapping[FieldRef, Expression]
    derived: Mapping[FieldRef, Expression]
    used_choices: frozenset[str]


class Definition:
    """The parts of one definition; asking for a faulty part raises a `Problem` that lists its faults."""

    def __init__(self, table: str, loader: "Loader") -> None:
        self._table = table
        self._loader = loader

    def _made(self, make: Callable[[Faults], T]) -> T:
        faults = Faults()
        part = make(faults)
        faults.raise_any(self._table)
        return part

    @cached_property
    def rules(self) -> Rules:
        return self._made(self._loader.rules)

    @cached_property
    def outputs(self) -> Outputs:
        return self._made(lambda faults: self._loader.outputs(self.rules, faults))

    @cached_property
    def form(self) -> Form:
        return self._made(lambda faults: self._loader.form(self.rules, faults))

    @cached_property
    def labels(self) -> Labels:
        """The words of options and fields, for expressions that pass them on."""
        return self._loader.labels(self)

    @property
    def scores(self) -> Mapping[str, Score]:
        return self.rules.scores

    @property
    def pages(self) -> tuple[Page, ...]:
        return self.form.pages

    def find_faults(self, faults: Faults) -> None:
        """Compile every part, collecting all faults instead of raising."""
        self._loader.find_faults(faults)

    def check(self) -> None:
        """Raise a `Problem` with all faults of the definition, if there are any."""
        faults = Faults()
        self.find_faults(faults)
        faults.raise_any(self._table)
