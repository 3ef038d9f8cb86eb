# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes out of an instrument: trackers, alerts, clinical text, SNOMED CT, FHIR, report and reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from camcops.instruments.choices import ChoiceSet
from camcops.instruments.compiling import Expression, FieldRef, Text
from camcops.instruments.pages import Element


@dataclass(frozen=True)
class Axis:
    """The vertical axis: `tick_step`, or `ticks` with their labels."""

    label: Text | None = None
    minimum: float | None = None
    maximum: float | None = None
    tick_step: float | None = None
    ticks: Mapping[float, Text] = field(default_factory=dict)


@dataclass(frozen=True)
class Band:
    """A band of a tracker: from `lower` (None: from the bottom) upwards, with the words for it."""

    lower: float | None
    label: Text


@dataclass(frozen=True)
class Tracker:
    """One chart of a value over time."""

    value: Expression
    title: Text
    axis: Axis
    lines: tuple[Expression, ...]
    labels: tuple[tuple[Expression, Text], ...]
    bands: tuple[Band, ...]
    aspect: float
    when: Expression | None


@dataclass(frozen=True)
class Alert:
    """An answer or score that someone must see at once."""

    when: Expression
    say: Text


@dataclass(frozen=True)
class ClinicalText:
    """One text for the notes; with `table`, one for each row. Without `when`: if complete."""

    text: Text
    when: Expression | None
    table: str | None


@dataclass(frozen=True)
class Concept:
    """An attribute's value that is itself a concept, by its look-up name."""

    name: str


Attributes = tuple[tuple[str, tuple[Expression | Concept, ...]], ...]


@dataclass(frozen=True)
class SnomedExpression:
    """One expression: a look-up name (`code`), or the concepts that `code_map` gives for `mapped`."""

    code: str
    when: Expression | None = None
    attributes: Attributes = ()
    groups: tuple[Attributes, ...] = ()
    table: str | None = None
    code_map: str | None = None
    mapped: Expression | None = None


@dataclass(frozen=True)
class Observation:
    """A FHIR Observation beside the questionnaire; `system` is `loinc`, say."""

    name: str
    system: str
    code: str
    display: str | None
    value: Expression
    unit: str | None
    when: Expression | None


@dataclass(frozen=True)
class Conditions:
    """FHIR Conditions and HL7 DG1 segments: one for each row of `table` (None: one)."""

    table: str | None
    code: Expression
    system: str
    display: Expression | None


@dataclass(frozen=True)
class Fhir:
    """`items` None: all fields that are asked."""

    items: tuple[FieldRef, ...] | None = None
    observations: tuple[Observation, ...] = ()
    conditions: Conditions | None = None


@dataclass(frozen=True)
class SummaryLine:
    """A line of a document's summary: a score's name, or a label and a value."""

    score: str | None
    label: Text | None = None
    value: Text | None = None
    note: Text | None = None


@dataclass(frozen=True)
class Report:
    """The shape of the document; None where the default stands."""

    summary: tuple[SummaryLine, ...] | None = None
    detail: tuple[Element, ...] | None = None
    answers: Text | None = None
    notes: tuple[Text, ...] = ()
    notice: Text | None = None


@dataclass(frozen=True)
class Percentages:
    """Fields whose answers a report counts, in percent."""

    fields: tuple[FieldRef, ...]
    choices: ChoiceSet | None


@dataclass(frozen=True)
class ServerReport:
    """An entry of the server's menu of reports."""

    id: str
    title: Text
    average: tuple[str, ...] = ()
    better: str | None = None
    percentages: tuple[Percentages, ...] = ()
    texts: tuple[FieldRef, ...] = ()


@dataclass(frozen=True)
class Outputs:
    """All of them; `clinical_text` is `report` where the whole report is meant (`clinical_report`)."""

    trackers: tuple[Tracker, ...] = ()
    alerts: tuple[Alert, ...] = ()
    clinical_text: tuple[ClinicalText, ...] = ()
    clinical_report: bool = False
    snomed: tuple[SnomedExpression, ...] = ()
